int before = __LINE__;

/* Nothing has changed (really. */

#line 2
int after = __LINE__;
