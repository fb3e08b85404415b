struct pair {
	int a;
};
int after = __LINE__;
