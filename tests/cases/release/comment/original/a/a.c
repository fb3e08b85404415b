/* old */
static int one(int x)
{
	return 1;
}

/* text */
static int two(int x)
{
	return 2;
}
