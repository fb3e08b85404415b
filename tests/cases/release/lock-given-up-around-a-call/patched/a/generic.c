void generic_drain(void)
{
	third();
}

void generic_pour(void)
{
	fourth();
}
