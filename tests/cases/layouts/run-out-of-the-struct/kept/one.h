struct one {
	struct one *next;
};
