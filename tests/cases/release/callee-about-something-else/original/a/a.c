static int callee(int x)
{
	start();
	return 1;
}

static int caller(int x)
{
	begin();
	return callee(x);
}

static int other_caller(int x)
{
	begin();
	return callee(x);
}
