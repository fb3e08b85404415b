struct one {
	struct one *next;
	int count;
};

int use(struct one *one);

struct two {
	struct one *first;
	int count;
};
