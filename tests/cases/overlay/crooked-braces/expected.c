#define BEGIN {
#define END   }
int before(int x)
BEGIN
	if (x)
		x++;
	}
int changed(int x)
{
	x++;
#line 10
	return x;
}
int after = __LINE__;
