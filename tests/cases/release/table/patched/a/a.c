static const int ids[] = {
	0,
	1,
	2,
	3,
	4,
	5,
};
