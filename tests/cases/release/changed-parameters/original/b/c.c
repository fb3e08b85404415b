static int bystander(int x)
{
	return many(x);
}
