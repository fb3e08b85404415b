struct lid {
	int key;
};

int open(int box)
{
	return box;
}
