int changed(int x)
{
#ifdef FEATURE
#ifdef OTHER
	x++;
	x += 1;
#endif
	int inner = __LINE__;
#endif
	return x;
}
int after = __LINE__;
