static int drain(int x)
{
	box->lock = 2;
	return 1;
}
