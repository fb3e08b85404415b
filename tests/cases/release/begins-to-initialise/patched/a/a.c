struct box {
	int lock, node, weight;
};

int make(struct box *box)
{
	spin_lock_init(&box->lock);
	INIT_LIST_HEAD(&box->node);
	return box->weight;
}

int drop(struct box *box)
{
	return list_empty(&box->node);
}
