#ifdef FEATURE
int changed(int x)
{
#else
int changed(long x)
{
#endif
	x++;
#line 8
	return x;
}
int after = __LINE__;
