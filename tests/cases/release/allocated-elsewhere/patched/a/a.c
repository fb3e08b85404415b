int make(struct box *box)
{
	box->lid_text = kzalloc(size);
	box->other = 1;
	return 0;
}

int open(struct box *box)
{
	return 0;
}
