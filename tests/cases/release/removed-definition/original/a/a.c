static int one(int x)
{
	return OLD_LIMIT;
}
