static int one(int x)
{
	return 4;
}
