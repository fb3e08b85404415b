static int drain(int x)
{
	stop_it();
	box->size = 0;
}
