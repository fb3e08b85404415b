static int one(int x)
{
	return 1;
}

#ifdef WANTED
static int help(int x)
{
	return real();
}
#else
static int help(int x)
{
	return 0;
}
#endif

static int two(int x)
{
	return 3;
}
