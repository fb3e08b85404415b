#define TABLE(name) int name[]
TABLE(numbers) = {
	1,
};
int after = __LINE__;
