#define LICENSE(text)
LICENSE("GPL")
struct pair {
	long a;
};
int after = __LINE__;
