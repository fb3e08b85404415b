static int callee(int x)
{
	start();
	limit = 4;
	return 1;
}

static int caller(int x)
{
	begin();
	wait();
	return callee(x);
}

static int other_caller(int x)
{
	begin();
	x += limit;
	return callee(x);
}
