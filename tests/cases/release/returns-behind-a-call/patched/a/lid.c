void lid_alarm(struct box *box, int kind)
{
	queue_once(kind);
}

void lid_report(struct box *box)
{
	count(9);
}
