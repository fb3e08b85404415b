int use(int number)
{
	struct box *box;

	box = box_open(number);
	if (!box)
		return 1;
	return 0;
}
