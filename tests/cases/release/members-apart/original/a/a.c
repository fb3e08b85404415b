static int fill(int x)
{
	return 1;
}
