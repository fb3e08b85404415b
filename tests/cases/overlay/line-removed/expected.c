int changed(int x)
{
	x++;
#line 5
	return x;
}
int after = __LINE__;
