int changed(int x) // not ( a {
{
	return x; // going on \
	as a comment (
}
int after = __LINE__;
