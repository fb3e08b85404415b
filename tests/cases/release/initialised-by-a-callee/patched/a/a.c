struct box {
	struct work node_work;
	int other;
};

static void prepare(struct box *box)
{
	INIT_WORK(&box->node_work, gone);
}

void make(struct box *box)
{
	prepare(box);
	box->other = 1;
}
