void lid_alarm(struct box *box, int kind)
{
	queue(kind);
}

void lid_report(struct box *box)
{
	count(0);
}
