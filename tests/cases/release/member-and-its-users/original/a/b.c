static int drain(int x)
{
	box->size = 0;
}
