struct basket {
	int size;
	int lid_shut;
};

void weave(struct basket *basket)
{
	basket->lid_shut = 1;
	bend(basket);
}

void carry(struct basket *basket)
{
	if (basket->lid_shut)
		lift(basket);
}
