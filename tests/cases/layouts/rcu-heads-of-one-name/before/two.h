struct two {
	int count;
};
