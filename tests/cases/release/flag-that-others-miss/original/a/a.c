enum {
	BOX_OPEN = 1,
};

enum {
	CRATE_BIG = 2,
};

void send(struct box *box)
{
	push(box);
}

int receive(struct box *box)
{
	return pull(box);
}

void paint(struct crate *crate)
{
	color(crate);
}

int is_fine(struct crate *crate)
{
	return look_at(crate);
}
