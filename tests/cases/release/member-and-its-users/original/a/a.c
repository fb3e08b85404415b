static int fill(int x)
{
	box->size = 1;
}
