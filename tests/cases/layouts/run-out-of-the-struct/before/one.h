struct one {
	struct one *next;
	struct mutex lost;
};

struct gone {
	int a;
};
