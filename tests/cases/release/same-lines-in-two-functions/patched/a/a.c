static int one(int x)
{
	if (!x->ready)
		return 0;
	work();
}

static int two(int x)
{
	if (!x->ready)
		return 0;
	rest();
}

static int three(int x)
{
	x = 4;
	play();
}
