#ifdef FEATURE
int changed(int x)
{
#else
int changed(long x)
{
#endif
	return x;
}
int after = __LINE__;
