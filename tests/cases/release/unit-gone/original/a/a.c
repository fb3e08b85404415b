static int a(int x)
{
	return extra();
}
