static int table[] = {
	1,
	(2),
};
int after = __LINE__;
