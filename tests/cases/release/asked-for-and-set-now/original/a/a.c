struct box {
	int owner, other;
};

void make(struct box *box)
{
	weigh(box);
}

void drop(struct box *box)
{
	int owner = box->owner;

	leave(owner);
}

void fill(struct crate *crate)
{
	weigh(crate);
}

int is_full(struct crate *crate)
{
	return crate->filled ? 1 : 0;
}

void empty(struct crate *crate)
{
	if (crate->filled)
		pour(crate);
}
