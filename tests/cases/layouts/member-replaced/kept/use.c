int f(struct one *one)
{
	return one->won;
}
