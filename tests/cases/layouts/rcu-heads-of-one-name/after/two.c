static void release(struct rcu_head *head)
{
	kfree(container_of(head, struct two, rcu));
}

static void put(struct two *two)
{
	call_rcu(&two->rcu, release);
}
