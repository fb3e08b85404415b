#ifndef B_H
#define B_H

int shut(int box);

#endif
