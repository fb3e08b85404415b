union one {
	struct one *next;
	int count;
};

enum two {
	FIRST,
	LAST,
};
