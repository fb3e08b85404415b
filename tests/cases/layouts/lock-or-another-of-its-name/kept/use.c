int take(struct holder *holder)
{
	int count;

	spin_lock(&holder->inner.list_lock);
	count = holder->inner.count;
	spin_unlock(&holder->inner.list_lock);
	return count;
}
