struct other { int a; };

struct one {
	struct one *next;
	int won;	/* some day */
	int count;
};

int use(struct one *one);
