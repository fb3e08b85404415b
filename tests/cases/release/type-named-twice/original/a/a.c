static int one(int x)
{
	return 1;
}

static int two(int x)
{
	return 2;
}
