void generic_drain(void)
{
	first();
}

void generic_pour(void)
{
	second();
}
