struct one {
	struct rcu_head rcu;
	int count;
};

static void drop(struct one *one)
{
	kfree_rcu(one, rcu);
}
