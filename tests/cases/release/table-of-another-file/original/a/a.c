int box_validate(int number)
{
	return number;
}

int box_check(int number)
{
	return number;
}
