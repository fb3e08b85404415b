#include "box.h"

int make(struct box *box)
{
	box->lid = find();
	return 0;
}

void leave(struct box *box)
{
	if (box->lid)
		put(box->lid);
}
