/*
 * What it does
 * now, and long,
 * and what not.
 */
#line 5
int after = __LINE__;
