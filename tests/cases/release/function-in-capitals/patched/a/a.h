#ifndef A_H
#define A_H

int ask(int box);

static inline int
SHUT(int box, int lid)
{
	return ask(box + lid);
}

#endif
