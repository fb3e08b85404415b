struct box {
	int owner, other;
};

void make(struct box *box)
{
	box->owner = 0;
	weigh(box);
}

void drop(struct box *box)
{
	int owner = box->owner;

	if (owner)
		leave(owner);
}

void fill(struct crate *crate)
{
	crate->filled = 1;
	weigh(crate);
}

int is_full(struct crate *crate)
{
	return crate->filled ? 1 : 0;
}

void empty(struct crate *crate)
{
	if (!crate->filled)
		return;
	pour(crate);
}
