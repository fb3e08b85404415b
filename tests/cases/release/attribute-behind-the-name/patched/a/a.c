static int depth __initdata = 1;

static int one(int x)
{
	return 0;
}

static int two(int x)
{
	return 2;
}

static bool __init_three(int x)
{
	return x == 2;
}
