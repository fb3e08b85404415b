int build(int x,
	  int y)
{
	return x;
}

static int user(int x)
{
	return build(x,
		     NULL);
}
