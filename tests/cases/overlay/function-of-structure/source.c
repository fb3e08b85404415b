struct pair {
	int a;
};
struct pair *changed(struct pair *x)
{
	x->a = 1;
	return x;
}
int after = __LINE__;
