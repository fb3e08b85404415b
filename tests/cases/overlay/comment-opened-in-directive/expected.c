#define ONE 11 /* this goes
on

and on */
#line 3
#define TWO 2
int after = __LINE__;
