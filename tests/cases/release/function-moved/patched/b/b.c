static int b(int x)
{
	return 2;
}

int mover(void)
{
	return 1;
}
