static int table[] = {
	1,
	(3),
};
int after = __LINE__;
