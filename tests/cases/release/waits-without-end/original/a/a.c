int ask(struct box *box)
{
	send(box);
	wait_for_completion_timeout(&box->done, 500);
	return box->error;
}
