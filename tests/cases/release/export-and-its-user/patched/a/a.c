int shared(void)
{
	return 1;
}
EXPORT_SYMBOL_GPL(shared);
