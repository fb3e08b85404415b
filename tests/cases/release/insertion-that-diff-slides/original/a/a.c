static int one(int x)
{
	first();
	return 0;
}

static int last(int x)
{
	third();
	return 0;
}
