static int fill(int x)
{
	box->lid = 1;
	return 1;
}
