static int before(int x)
{
	return 1;
}

#ifdef WANTED
static int within(int x)
{
	return 2;
}
#endif

static int behind(int x)
{
	return 3;
}
