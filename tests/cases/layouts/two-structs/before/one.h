struct one {
	struct one *next;
	struct mutex lost;
	int count;
};

struct two {
	struct one *first;
	int count;
	spinlock_t least;
};
