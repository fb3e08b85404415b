static int one(int x)
{
	return flag_test(x, PEER);
}

static int two(int x)
{
	return x + 1;
}
