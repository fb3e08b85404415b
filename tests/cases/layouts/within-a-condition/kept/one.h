struct other { int a; };

struct __attribute__((designated_init)) one {
	struct one *next;
#ifdef CONFIG
	struct mutex lost;
	spinlock_t least;
#endif
	int count;
};

int use(struct one *one);
