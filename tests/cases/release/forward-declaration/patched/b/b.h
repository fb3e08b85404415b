#ifndef B_H
#define B_H

struct lid;

int shut(int box);
int shut_lid(struct lid *lid);

#endif
