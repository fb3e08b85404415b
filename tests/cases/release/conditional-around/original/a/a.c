static int before(int x)
{
	return 1;
}

static int within(int x)
{
	return 2;
}

static int behind(int x)
{
	return 3;
}
