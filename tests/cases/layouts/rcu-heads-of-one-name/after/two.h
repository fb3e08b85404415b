struct two {
	int count;
	struct rcu_head rcu;
};
