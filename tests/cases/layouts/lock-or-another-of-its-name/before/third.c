int third(struct third *third)
{
	return third->list_lock.rlock;
}
