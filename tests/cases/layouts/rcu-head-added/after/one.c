struct one {
	int count;
	struct rcu_head rcu;
	struct rcu_head later;
};

static void put(struct one *one)
{
	if (!--one->count)
		kfree_rcu(one, rcu);
}

static void release(struct rcu_head *head)
{
	struct one *one = container_of(head, struct one, later);

	free_percpu(one->stats);
	kfree(one);
}

static void drop(struct one *one)
{
	call_rcu(&one->later, release);
}
