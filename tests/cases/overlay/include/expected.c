#include <stddef.h>
#line 1
int changed(int x)
{
	return x;
}
int after = __LINE__;
