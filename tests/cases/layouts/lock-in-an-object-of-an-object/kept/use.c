int take(struct holder *holder)
{
	int count;

	spin_lock(klatch_find_first_list_lock(&(holder->inner)));
	count = holder->inner.count;
	spin_unlock(klatch_find_first_list_lock(&(holder->inner)));
	return count;
}
