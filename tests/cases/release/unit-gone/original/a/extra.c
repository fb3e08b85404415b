int extra(void)
{
	return 2;
}
