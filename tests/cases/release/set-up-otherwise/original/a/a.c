void arrived(struct box *box)
{
	read_all(box);
}

int probe(struct box *box)
{
	return bus_prepare_refilled(box);
}

int resume(struct crate *crate)
{
	return rail_prepare_later(crate);
}
