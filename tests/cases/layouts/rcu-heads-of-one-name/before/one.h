struct one {
	int count;
};
