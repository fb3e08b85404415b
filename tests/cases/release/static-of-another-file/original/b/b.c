static int reset(int x)
{
	return 1;
}

static int b(int x)
{
	return 3;
}
