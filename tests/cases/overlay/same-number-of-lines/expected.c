int changed(int x)
{
	return x + 1;
}
int after = __LINE__;
