static int scale(int x)
{
	return 2 * sizeof(struct box);
}
