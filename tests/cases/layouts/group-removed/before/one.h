struct other { int a; };

struct one {
	struct one *next;
	struct {
		struct mutex lost;
	} group;
	int count;
};

int use(struct one *one);
