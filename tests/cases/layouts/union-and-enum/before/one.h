union one {
	struct one *next;
	struct mutex lost;
	int count;
};

enum two {
	FIRST,
	LOST,
	LAST,
};
