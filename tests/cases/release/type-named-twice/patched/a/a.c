static int one(int x)
{
	struct box *first = left();
	return 1;
}

static int two(int x)
{
	struct box *second = right();
	return 2;
}
