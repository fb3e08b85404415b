int f(struct one *one)
{
	return one->count + 1; /* won */
}
