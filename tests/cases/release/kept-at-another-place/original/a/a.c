void set(struct box *box, int size, void *lid)
{
	*(void **)(box->data + size) = lid;
}

void *get(struct box *box, int size)
{
	return *(void **)(box->data + size);
}
