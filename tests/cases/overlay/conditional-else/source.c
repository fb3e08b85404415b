int changed(int x)
{
#ifdef FEATURE
	x++;
	x += 1;
#else
	x--;
	int marked = __LINE__;
#endif
	return x;
}
int after = __LINE__;
