static int one(int x)
{
	return lid(x);
}

static int two(int x)
{
	return box_open_lid(x);
}

int lid(int x)
{
	return x;
}
