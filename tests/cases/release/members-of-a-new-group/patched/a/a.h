struct box {
	int lid;
	union {
		int key;
		int code;
	};
	int side;
	int handle;
	int seal;
};
