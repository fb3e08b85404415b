#define TABLE(name) int name[]
TABLE(numbers) = {
	2,
};
int after = __LINE__;
