struct one {
	struct one *next;
	struct {
		int a;
		struct mutex lost;
	} group;
};
