int ask(struct box *box)
{
	send(box);
	wait_for_completion(&box->done);
	return box->error;
}
