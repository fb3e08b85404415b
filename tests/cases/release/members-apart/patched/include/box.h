struct box {
	int size;
	int lid;
	int weight;
	int lock;
	int depth;
};
