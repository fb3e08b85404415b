static int user(int x)
{
	return shrink(x, 1);
}
