int box_validate(int number)
{
	return number == 4;
}

int box_check(int number)
{
	return number;
}
