struct __attribute__((designated_init)) one {
	struct rcu_head rcu;
	int count;
};
static inline struct rcu_work *klatch_find_one_rwork(const struct one *object)
{
	void *klatch_shadow(const void *, unsigned long, unsigned int);
	return klatch_shadow(object, 0xa46d2e9a08cd7768UL, 7);
}
static inline struct one *klatch_own_one_rwork(const struct rcu_work *member)
{
	void *klatch_shadow_owner(const void *);
	return klatch_shadow_owner(member);
}

static void release(struct work_struct *work)
{
	struct one *one =
		klatch_own_one_rwork(to_rcu_work(work));

	kfree(one);
}

static void drop(struct one *one)
{
	INIT_RCU_WORK(klatch_find_one_rwork((one)), release);
	queue_rcu_work(system_wq, klatch_find_one_rwork((one)));
}
