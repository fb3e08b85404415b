struct basket {
	int size;
};

void weave(struct basket *basket)
{
	bend(basket);
}

void carry(struct basket *basket)
{
	lift(basket);
}
