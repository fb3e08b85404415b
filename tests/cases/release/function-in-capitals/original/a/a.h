#ifndef A_H
#define A_H

int ask(int box);

#endif
