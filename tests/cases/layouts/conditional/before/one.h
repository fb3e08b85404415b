struct other { int a; };

struct one {
	struct one *next;
#ifdef CONFIG
	struct mutex lost;
#endif
	int count;
};

int use(struct one *one);
