int changed(int x)
{
	struct pair {
		int a;
	} pair = {x};
	return pair.a;
}
int after = __LINE__;
