struct box *__box_open(int number)
{
	return NULL;
}

struct box *box_open(int number)
{
	return __box_open(number);
}
