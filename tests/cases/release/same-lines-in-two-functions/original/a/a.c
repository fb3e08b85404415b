static int one(int x)
{
	work();
}

static int two(int x)
{
	rest();
}

static int three(int x)
{
	play();
}
