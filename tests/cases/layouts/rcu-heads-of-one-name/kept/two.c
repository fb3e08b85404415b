static void release(struct rcu_head *head)
{
	kfree(klatch_own_two_rcu(head));
}

static void put(struct two *two)
{
	call_rcu(klatch_find_two_rcu((two)), release);
}
