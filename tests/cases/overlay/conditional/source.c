int changed(int x)
{
#ifdef FEATURE
	x++;
	x += __LINE__;
#endif
	return x;
}
int after = __LINE__;
