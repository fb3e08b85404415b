struct box {
	struct work node_work;
	int other;
};

void make(struct box *box)
{
	list_add_tail(&box->node_work, &all);
	box->other = 1;
}

void drop(struct box *box)
{
	schedule_work(&box->node_work);
}
