int changed(int x)
{
	return x;
}
int after = __LINE__;
