#include "a.h"

int open(struct box *box)
{
	return box->key;
}

int shut(struct box *box)
{
	return 0;
}
