static int one(int x)
{
	return x;
}

static int two(int x)
{
	return x + 1;
}

int lid(int x)
{
	return x;
}
