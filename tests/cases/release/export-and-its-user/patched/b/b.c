static int b(int x)
{
	return shared();
}
