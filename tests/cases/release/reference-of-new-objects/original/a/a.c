void make(struct box *box)
{
	box->user = current;
}

void drop(struct box *box)
{
	kfree(box);
}
