void *first(struct cart *cart)
{
	void *const it = *(void **)(cart->lid);

	return it;
}
