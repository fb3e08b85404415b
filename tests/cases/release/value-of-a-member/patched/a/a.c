static void a_pause(int box, long time)
{
	hold(box);
}

static void a_shake(int box)
{
	rock(2);
}

static const struct box_ops a_ops = {
	.pause = a_pause,
	.shake = a_shake,
};
