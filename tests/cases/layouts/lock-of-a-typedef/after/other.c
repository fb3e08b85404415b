int other(struct third *third)
{
	down_read(&third->sem);
	up_read(&third->sem);
	return third->count;
}
