int shrink(int x, int by)
{
	return x;
}
