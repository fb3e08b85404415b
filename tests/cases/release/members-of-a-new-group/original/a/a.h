struct box {
	int lid;
	int key;
	int side;
	int handle;
};
