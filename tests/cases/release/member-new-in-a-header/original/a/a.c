#include "box.h"

int make(struct box *box)
{
	box->page = find();
	return 0;
}

void leave(struct box *box)
{
	if (box->page)
		put(box->page);
}
