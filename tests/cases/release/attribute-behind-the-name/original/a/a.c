static struct mount *handle __ro_after_init;
static int depth __initdata = 1;

static int one(int x)
{
	return use(handle);
}

static int two(int x)
{
	return 1;
}

static bool __init_three(int x)
{
	return x == 1;
}
