struct other { int a; };

struct one {
	struct one *next;
	int count;
};

int use(struct one *one);
