static int other(int x)
{
	start();
}
