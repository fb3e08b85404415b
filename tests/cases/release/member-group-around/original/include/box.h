struct box {
	int size;
	int weight;
	int depth;
	int lid;
};
