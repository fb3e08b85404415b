static int o(int x)
{
	return 2;
}
