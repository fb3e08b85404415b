static void release(struct rcu_head *head)
{
	kfree(klatch_own_one_rcu(head));
}

static void put(struct two *two)
{
	call_rcu(klatch_find_one_rcu((two)), release);
}
