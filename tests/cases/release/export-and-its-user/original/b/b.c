static int b(int x)
{
	return 2;
}
