int changed(int x)
{
#define STEP 1
	return x + STEP;
}
int after = __LINE__;
