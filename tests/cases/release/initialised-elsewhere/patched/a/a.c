struct box {
	struct work node_work;
	int other;
};

void make(struct box *box)
{
	INIT_WORK(&box->node_work, gone);
	box->other = 1;
}

void drop(struct box *box)
{
	schedule_work(&box->node_work);
}
