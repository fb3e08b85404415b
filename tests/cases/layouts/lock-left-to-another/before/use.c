int take(struct one *one)
{
	return one->count;
}
