int before(int x)
{
	return x;
}
static inline int added(int x)
{
	return x;
}
#line 5
int after = __LINE__;
