int take(struct holder *holder)
{
	return holder->inner.count;
}
