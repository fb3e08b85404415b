static int two(int x)
{
	return 6;
}
