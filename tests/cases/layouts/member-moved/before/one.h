struct other { int a; };

struct one {
	struct one *next;
	struct mutex lost;
	int count;
};

int use(struct one *one);
