int changed(int x)
{
#ifdef FEATURE
	x++;
#endif
#line 3
	return x;
}
int after = __LINE__;
