int changed(int x)
{
	struct pair {
		int a;
		int b;
#line 5
	} pair = {x};
	return pair.a;
}
int after = __LINE__;
