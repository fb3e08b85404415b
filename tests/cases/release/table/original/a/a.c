static const int ids[] = {
	1,
	2,
	3,
	4,
};
