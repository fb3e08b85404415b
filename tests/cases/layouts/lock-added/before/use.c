#include "one.h"

void make(struct one *one)
{
	one->count = 0;
}

int take(struct holder *holder)
{
	return holder->one.count;
}

#define COUNT(one) ((one)->count)

int give(struct holder **holders, int i)
{
	holders[i]->one.count++;
	return COUNT(&holders[i]->one);
}
