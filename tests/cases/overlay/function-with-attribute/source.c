static int changed(int x) __attribute__((noinline));
static __attribute__((noinline)) int changed(int x)
{
	return x;
}
int after = __LINE__;
