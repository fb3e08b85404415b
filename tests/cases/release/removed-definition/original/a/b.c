static int two(int x)
{
	return 5;
}
