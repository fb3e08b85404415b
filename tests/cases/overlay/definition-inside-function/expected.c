int changed(int x)
{
#define STEP 2
	return x + STEP;
}
int after = __LINE__;
