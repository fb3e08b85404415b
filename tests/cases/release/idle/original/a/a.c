static int one(int x)
{
	/* about the widget */
	start(x);
	stop(x);
	return 1;
}

static int two(int x)
{
	return 2;
}

/* counts */
static int three(int x)
{
	if (x == 3)
	  return 3;
	return 4;
}
