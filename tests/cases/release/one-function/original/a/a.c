static int first(int x)
{
	open_first();
	wait_first();
	step(1);
	step(2);
	step(3);
	shut_first();
}

static int second(int x)
{
	open_second();
	shut_second();
}
