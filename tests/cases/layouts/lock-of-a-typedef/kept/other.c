int other(struct third *third)
{
	down_read(&third->sem);
	up_read(&third->sem);
	return third->count;
}

int another(struct third *third)
{
	return down_read_trylock(&third->sem);
}
