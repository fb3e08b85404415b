int changed(int x)
{
	x++;
	x += 2;
	return x;
}
int after = __LINE__;
