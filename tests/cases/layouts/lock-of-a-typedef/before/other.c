int other(struct third *third)
{
	return third->count;
}

int another(struct third *third)
{
	return down_read_trylock(&third->sem);
}
