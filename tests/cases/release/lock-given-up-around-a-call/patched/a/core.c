void stop_one(struct box *box)
{
	box->type->drain(box);
}

void stop_other(struct crate *crate)
{
	rest();
	mutex_lock(&crate->lid);
	crate->type->pour(crate);
	mutex_unlock(&crate->lid);
}
