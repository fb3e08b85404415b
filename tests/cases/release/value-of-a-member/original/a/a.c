static void a_pause(int box, int time)
{
	hold(box);
}

static void a_shake(int box)
{
	rock(1);
}

static const struct box_ops a_ops = {
	.pause = a_pause,
	.shake = a_shake,
};
