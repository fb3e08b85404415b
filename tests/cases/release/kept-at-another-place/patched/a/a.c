void set(struct box *box, int size, void *lid)
{
	*(void **)(box->data + roundup(size, 8)) = lid;
}

void *get(struct box *box, int size)
{
	return *(void **)(box->data + roundup(size, 8));
}
