static int reset(int x)
{
	return 2;
}
