struct other { int a; };

struct one {
	struct one *next;
	int count;
	int won;
};

int use(struct one *one);
