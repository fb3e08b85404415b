static int one(int x)
{
	return 10;
} /* one */
static long two(int x)
{
	return 20;
}
