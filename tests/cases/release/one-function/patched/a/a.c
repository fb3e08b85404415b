static int first(int x)
{
	open_first();
	check_first();
	wait_first();
	step(1);
	step(2);
	step(3);
	clear_first();
	shut_first();
}

static int second(int x)
{
	open_second();
	test_second();
	shut_second();
}
