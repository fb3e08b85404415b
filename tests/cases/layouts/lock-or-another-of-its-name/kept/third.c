int third(struct third *third)
{
	spin_lock(&third->list_lock);
	spin_unlock(&third->list_lock);
	return third->list_lock.rlock;
}
