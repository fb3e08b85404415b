typedef struct {
	int count;
	struct rw_semaphore sem;
	int unused_yet;
} one_t;

int take(one_t *one)
{
	int count;

	down_read(&one->sem);
	count = one->count;
	up_read(&one->sem);
	return count;
}
