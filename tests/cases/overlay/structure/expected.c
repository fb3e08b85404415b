struct pair {
	int a;
	int b;
#line 3
};
int after = __LINE__;
