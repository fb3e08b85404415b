static int one(int x)
{
	#ifdef WANTED
	wanted();
	#endif
	return 1;
}

static int two(int x)
{
	#ifdef ASKED
	asked();
	#endif
	return 2;
}
