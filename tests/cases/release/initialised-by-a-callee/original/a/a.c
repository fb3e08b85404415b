struct box {
	struct work node_work;
	int other;
};

void make(struct box *box)
{
	INIT_WORK(&box->node_work, gone);
	box->other = 1;
}
