int before(void) { return __LINE__; }
int changed(int x)
{
	x++;
	return x;
}
int after = __LINE__;
