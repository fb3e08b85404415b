void arrived(struct box *box)
{
	read_all(box);
	bus_refill(box);
}

int probe(struct box *box)
{
	return bus_prepare(box);
}

int resume(struct crate *crate)
{
	return rail_prepare(crate);
}
