static int one(int x)
{
	if (IS_ENABLED(CONFIG_SHIELD))
		return 0;
	return x;
}

static int two(int x)
{
	return x + 1;
}
