int make(struct box *box)
{
	box->other = 1;
	return 0;
}

int open(struct box *box)
{
	char *lid_text = kzalloc(size);

	box->lid_text = lid_text;
	return 0;
}
