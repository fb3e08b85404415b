struct box_ops {
	void (*pause)(int box,
		      long time);
	void (*shake)(int box);
};
