static int alone(int x)
{
	return 2;
}
