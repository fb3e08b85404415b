int make(struct box *box)
{
	box->lid = kmemdup(lid, size);
	return 0;
}
