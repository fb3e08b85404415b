int changed(int x)
{
#ifdef FEATURE
	if (x > 1 &&
#else
	if (x > 2 &&
#endif
	    x < 9)
		x++;
	return x;
}
int after = __LINE__;
