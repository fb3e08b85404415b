struct box {
	int size;
	int weight;
};
