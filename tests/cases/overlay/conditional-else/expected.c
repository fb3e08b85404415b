int changed(int x)
{
#ifdef FEATURE
	x++;
	x++;
#line 5
	x += 1;
#else
#line 7
	x--;
	int marked = __LINE__;
#endif
#line 10
	return x;
}
int after = __LINE__;
