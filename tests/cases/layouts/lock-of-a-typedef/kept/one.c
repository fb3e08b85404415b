typedef struct {
	int count;
} one_t;
static inline struct rw_semaphore *klatch_find_one_t_sem(const one_t *object)
{
	void *klatch_shadow(const void *, unsigned long, unsigned int);
	return klatch_shadow(object, 0xd2c6f429fc38b5cdUL, 5);
}

int take(one_t *one)
{
	int count;

	down_read(klatch_find_one_t_sem((one)));
	count = one->count;
	up_read(klatch_find_one_t_sem((one)));
	return count;
}
