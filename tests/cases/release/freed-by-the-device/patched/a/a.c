int make(struct box *box)
{
	box->lid = devm_kmemdup(box->dev, lid, size);
	return 0;
}
