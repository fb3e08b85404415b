int take(struct one *one)
{
	int count;

	spin_lock(&ones_lock);
	count = one->count;
	spin_unlock(&ones_lock);
	return count;
}
