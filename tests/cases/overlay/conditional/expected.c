int changed(int x)
{
#ifdef FEATURE
	x++;
	x++;
#line 5
	x += __LINE__;
#endif
#line 7
	return x;
}
int after = __LINE__;
