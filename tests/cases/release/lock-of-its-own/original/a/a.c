int probe(struct box *box)
{
	return box->one;
}

int notify(struct box *box)
{
	return box->two;
}
