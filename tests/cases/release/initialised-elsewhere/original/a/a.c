struct box {
	struct work node_work;
	int other;
};

void make(struct box *box)
{
	box->other = 1;
}

void drop(struct box *box)
{
	INIT_WORK(&box->node_work, gone);
	schedule_work(&box->node_work);
}
