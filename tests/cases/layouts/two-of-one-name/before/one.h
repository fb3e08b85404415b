#ifdef A
struct one {
	struct one *next;
	struct mutex lost;
};
#else
struct one {
	struct one *next;
};
#endif
