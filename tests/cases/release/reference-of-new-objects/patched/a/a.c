void make(struct box *box)
{
	box->user = current;
	get_user_of(box->user);
}

void drop(struct box *box)
{
	put_user_of(box->user);
	kfree(box);
}
