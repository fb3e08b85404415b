#ifdef CONFIG_ONE
struct one {
	int count;

	struct rcu_head rcu_head;
};
#else
struct one {
};
#endif
