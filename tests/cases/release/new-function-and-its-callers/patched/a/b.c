static int other(int x)
{
	restart();
}
