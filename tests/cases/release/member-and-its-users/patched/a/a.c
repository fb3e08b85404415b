static int fill(int x)
{
	box->weight = 2;
	box->size = 1;
}
