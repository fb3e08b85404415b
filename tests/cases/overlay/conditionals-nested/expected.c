int changed(int x)
{
#ifdef FEATURE
#ifdef OTHER
	x++;
	x++;
#line 6
	x += 1;
#endif
#line 8
	int inner = __LINE__;
#endif
#line 10
	return x;
}
int after = __LINE__;
