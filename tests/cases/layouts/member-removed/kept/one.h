struct other { int a; };

struct __attribute__((designated_init)) one {
	struct one *next;
	struct mutex lost; /* of no use */
	int count;
};

int use(struct one *one);
