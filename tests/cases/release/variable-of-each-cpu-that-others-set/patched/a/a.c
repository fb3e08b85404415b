static int one;
static DEFINE_PER_CPU(int [4], known) = {[0 ... 3] = -1};

int probe(struct box *box)
{
	known[2] = 1;
	return one;
}

int notify(struct box *box)
{
	if (!known[2])
		return 0;
	return 1;
}
