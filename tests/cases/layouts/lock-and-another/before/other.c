int other(struct third *third)
{
	return third->count;
}
