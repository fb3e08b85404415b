static int one(int x)
{
	/* about the gadget */
	start(x);
	stop(x);
	return 10;
}

static int two(int x)
{
	/* about the gadget */
	return gadget(2);
}

/* counts gadgets */
static int three(int x)
{
	if (x == 3) /* the gadget */
		return 3;
	return 4;
}
