struct other { int a; };

struct one {
	struct one *next;
	spinlock_t lost;
	int count;
};

int use(struct one *one);
