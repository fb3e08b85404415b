struct other { int a; };

struct one {
	struct one *next;
	int won;
	int count;
};

int use(struct one *one);
