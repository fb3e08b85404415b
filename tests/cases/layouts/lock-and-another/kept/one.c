struct one {
	int count;
	struct mutex count_lock;
	u32 seen;
};

struct two {
	struct mutex lock;
};

int take(struct one *one, struct two *two)
{
	mutex_lock(&two->lock);
	mutex_lock(&one->count_lock);
	one->seen++;
	mutex_unlock(&one->count_lock);
	mutex_unlock(&two->lock);
	return one->count;
}
