struct one {
	struct one *next;
	struct {
		int a;
	} group;
};
