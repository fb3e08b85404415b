int other(struct third *third)
{
	mutex_lock(&third->count_lock);
	mutex_unlock(&third->count_lock);
	return third->count;
}
