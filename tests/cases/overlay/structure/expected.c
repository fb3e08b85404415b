struct pair {
	long a;
	long b;
#line 3
};
int after = __LINE__;
