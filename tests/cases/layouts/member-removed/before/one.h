struct other { int a; };

struct one {
	struct one *next;
	struct mutex lost; /* of no use */
	int count;
};

int use(struct one *one);
