int changed(long x)
{
	return x;
}
int after = __LINE__;
