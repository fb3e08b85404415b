static void release(struct rcu_head *head)
{
	kfree(klatch_own_one_rcu(head));
}

static void put(struct one *one)
{
	call_rcu(klatch_find_one_rcu((one)), release);
}
