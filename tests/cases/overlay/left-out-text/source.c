#if 0
It isn't C (at all.
#endif
int changed(int x)
{
	return x;
}
int after = __LINE__;
