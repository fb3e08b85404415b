#if 0
It isn't C (at all.
#endif
int changed(int x)
{
	x++;
#line 6
	return x;
}
int after = __LINE__;
