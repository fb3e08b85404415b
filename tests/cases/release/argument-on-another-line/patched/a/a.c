int build(int x,
	  int y, int z)
{
	return x;
}

static int user(int x)
{
	return build(x,
		     NULL, NULL);
}
