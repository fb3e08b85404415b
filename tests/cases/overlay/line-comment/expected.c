int changed(int x) // not ( a {
{
	x++;
#line 3
	return x; // going on \
	as a comment (
}
int after = __LINE__;
