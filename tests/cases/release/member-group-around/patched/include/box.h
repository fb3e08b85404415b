struct box {
	int size;
	struct {
	int weight;
	int depth;
	} inner;
	int lid;
};
