struct pair {
	int a;
} __attribute__((packed));
struct __attribute__((aligned(8))) other {
	int a;
};
int after = __LINE__;
