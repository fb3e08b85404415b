int first(int x)
{
	return x;
}
int between = __LINE__;
int second(int x)
{
	x++;
	return x;
}
int after = __LINE__;
