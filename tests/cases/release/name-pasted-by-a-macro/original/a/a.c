static int one(int x)
{
	return x;
}

static int two(int x)
{
	return x + 5;
}
