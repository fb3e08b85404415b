static int scale(int x)
{
	return sizeof(struct box);
}
