typedef struct {
	int count;
} one_t;

int take(one_t *one)
{
	return one->count;
}
