#ifdef A
struct one {
	struct one *next;
};
#else
struct one {
	struct one *next;
};
#endif
