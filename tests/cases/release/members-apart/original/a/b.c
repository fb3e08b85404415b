static int drain(int x)
{
	return 1;
}
