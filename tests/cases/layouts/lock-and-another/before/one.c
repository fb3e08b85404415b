struct one {
	int count;
};

struct two {
	struct mutex lock;
};

int take(struct one *one, struct two *two)
{
	mutex_lock(&two->lock);
	mutex_unlock(&two->lock);
	return one->count;
}
