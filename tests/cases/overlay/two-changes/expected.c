int first(int x)
{
	x++;
#line 3
	return x;
}
int between = __LINE__;
int second(int x)
{
#line 10
	return x;
}
int after = __LINE__;
