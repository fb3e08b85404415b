int mover(void)
{
	return 1;
}

static int stays(int x)
{
	return 1;
}
