int notify(struct box *box, int kind)
{
	switch (kind) {
	case 1:
		box->alarm(box, kind);
		break;
	case 2:
		report(box);
		break;
	}
	box_put(box);
	return 0;
}
