static void put(struct two *two)
{
	kfree(two);
}
