static void release(struct rcu_head *head)
{
	kfree(container_of(head, struct one, rcu));
}

static void put(struct one *one)
{
	call_rcu(&one->rcu, release);
}
