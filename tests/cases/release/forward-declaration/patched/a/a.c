struct lid {
	int key;
};

int open(int box)
{
	struct lid lid = { box };

	return lid.key;
}
