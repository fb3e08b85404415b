int call(int a, int b);
int changed(int x)
{
	return call(x
		    + 1,
		    2);
#line 6
}
int after = __LINE__;
