int changed(int x)
{
	x++;
#line 3
	return x;
}
int after = __LINE__;