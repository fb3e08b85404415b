int call(int a, int b);
int changed(int x)
{
	return call(x,
		    2);
}
int after = __LINE__;
