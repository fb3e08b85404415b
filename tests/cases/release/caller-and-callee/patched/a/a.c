static int callee(int x)
{
	return -2;
}

static int caller(int x)
{
	int error;
	error = callee(x);
	if (error == -2)
		return 0;
	return 1;
}

static int bystander(int x)
{
	return 4;
}
