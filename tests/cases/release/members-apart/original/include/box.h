struct box {
	int size;
	int weight;
	int depth;
};
