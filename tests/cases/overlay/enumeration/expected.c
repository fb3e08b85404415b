enum number {
	NONE,
#line 2
	ONE,
};
int after = __LINE__;
