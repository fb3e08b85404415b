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
	list_add_tail(&box->node_work, &all);
	schedule_work(&box->node_work);
}
