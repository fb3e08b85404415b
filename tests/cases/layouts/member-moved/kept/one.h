struct other { int a; };

struct one {
	struct one *next;
	int count;
	struct mutex lost;
};

int use(struct one *one);
