struct box {
	int lock, node, weight;
};

int make(struct box *box)
{
	spin_lock_init(&box->lock);
	return box->weight;
}

int drop(struct box *box)
{
	return box->node;
}
