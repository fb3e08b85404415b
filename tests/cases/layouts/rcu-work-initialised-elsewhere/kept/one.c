struct one {
	struct rcu_work rwork;
	int count;
};

static void make(struct one *one)
{
	INIT_RCU_WORK(&one->rwork, release);
}

static void drop(struct one *one)
{
	queue_rcu_work(system_wq, &one->rwork);
}
