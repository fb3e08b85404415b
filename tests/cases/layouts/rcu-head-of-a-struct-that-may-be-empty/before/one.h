#ifdef CONFIG_ONE
struct one {
	int count;
};
#else
struct one {
};
#endif
