int before(void) { return __LINE__; }
int changed(int x)
{
	x++;
	x += 2;
#line 5
	return x;
}
int after = __LINE__;
