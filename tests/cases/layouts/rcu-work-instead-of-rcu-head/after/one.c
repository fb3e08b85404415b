struct one {
	struct rcu_work rwork;
	int count;
};

static void release(struct work_struct *work)
{
	struct one *one =
		container_of(to_rcu_work(work),
			     struct one,
			     rwork);

	kfree(one);
}

static void drop(struct one *one)
{
	INIT_RCU_WORK(&one->rwork, release);
	queue_rcu_work(system_wq, &one->rwork);
}
