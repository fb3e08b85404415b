enum number {
	ONE,
};
int after = __LINE__;
