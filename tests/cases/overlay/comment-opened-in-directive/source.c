#define ONE 1 /* this goes
on and on */
#define TWO 2
int after = __LINE__;
