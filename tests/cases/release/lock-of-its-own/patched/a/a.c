static DEFINE_MUTEX(of_boxes);

int probe(struct box *box)
{
	guard(&of_boxes);
	return box->one;
}

int notify(struct box *box)
{
	guard(&of_boxes);
	return box->two;
}
