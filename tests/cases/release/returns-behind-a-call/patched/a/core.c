int notify(struct box *box, int kind)
{
	switch (kind) {
	case 1:
		box->alarm(box, kind);
		return 1;
	case 2:
		report(box);
		return 2;
	}
	box_put(box);
	return 0;
}
