static int a(int x)
{
	return 1;
}
