struct one {
	int count;
	struct rcu_head rcu;
};
