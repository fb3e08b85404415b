int shrink(int x)
{
	return x;
}
