int take(struct one *one)
{
	int count;

	spin_lock(&one->list_lock);
	count = one->count;
	spin_unlock(&one->list_lock);
	return count;
}
