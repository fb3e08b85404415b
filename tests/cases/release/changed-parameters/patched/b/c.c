static int bystander(int x)
{
	return few(x);
}
