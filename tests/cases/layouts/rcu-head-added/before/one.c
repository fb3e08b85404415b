struct one {
	int count;
};

static void put(struct one *one)
{
	if (!--one->count)
		kfree(one);
}

static void drop(struct one *one)
{
	free_percpu(one->stats);
	kfree(one);
}
