#define LICENSE(text)
LICENSE("GPL")
struct pair {
	int a;
};
int after = __LINE__;
