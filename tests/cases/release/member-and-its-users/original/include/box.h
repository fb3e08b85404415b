struct box {
	int size;
};
