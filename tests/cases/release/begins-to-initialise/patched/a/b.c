struct cart {
	int guard;
};

int first(struct cart *cart)
{
	mutex_init(&cart->guard);
	return 0;
}

int second(struct cart *cart)
{
	mutex_init(&cart->guard);
	return 0;
}
