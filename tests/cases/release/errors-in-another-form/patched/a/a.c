struct box *__box_open(int number)
{
	return ERR_PTR(-ENOMEM);
}

struct box *box_open(int number)
{
	return __box_open(number);
}
