struct box_ops {
	void (*pause)(int box,
		      int time);
	void (*shake)(int box);
};
