enum {
	BOX_OPEN = 1,
	BOX_SENT = 2,
};

enum {
	CRATE_BIG = 2,
	CRATE_RED = 4,
};

void send(struct box *box)
{
	push(box);
	box->flags |= BOX_SENT;
}

int receive(struct box *box)
{
	if (!(box->flags & BOX_SENT))
		return -1;
	return pull(box);
}

void paint(struct crate *crate)
{
	color(crate);
	set_bit(CRATE_RED, &crate->state);
}

int is_fine(struct crate *crate)
{
	if (test_bit(CRATE_RED, &crate->state))
		return 0;
	return look_at(crate);
}
