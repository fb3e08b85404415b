int take(struct one *one)
{
	spin_lock(&one->list_lock);
	return one->count;
}

void give(struct one *one)
{
	spin_unlock(&one->list_lock);
}
