struct __attribute__((designated_init)) one {
	struct one *next;
	struct mutex lost;
	int count;
};

int use(struct one *one);

struct two {
	struct one *first;
	int count;
	spinlock_t least;
};
