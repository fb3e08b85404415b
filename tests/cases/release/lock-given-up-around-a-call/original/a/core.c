void stop_one(struct box *box)
{
	mutex_lock(&box->door);
	box->type->drain(box);
	mutex_unlock(&box->door);
}

void stop_other(struct crate *crate)
{
	mutex_lock(&crate->lid);
	crate->type->pour(crate);
	mutex_unlock(&crate->lid);
}
