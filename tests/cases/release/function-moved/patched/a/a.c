static int stays(int x)
{
	return 1;
}
