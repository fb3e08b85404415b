int take(struct one *one)
{
	return count_under(&one->list_lock, &one->count);
}
