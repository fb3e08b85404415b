void *first(struct cart *cart)
{
	void *it = *(void **)(cart->lid);

	return it;
}
