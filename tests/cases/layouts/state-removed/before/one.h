struct other { int a; };

struct one {
	struct one *next;
	int lost; /* of no use */
	int count;
};

int use(struct one *one);
