static void put(struct one *one)
{
	kfree(one);
}
