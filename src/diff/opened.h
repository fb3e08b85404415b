/*
 * What a patch makes global.
 */
#ifndef KLATCH_DIFF_OPENED_H
#define KLATCH_DIFF_OPENED_H

#include "diff/diff.h"

/*
 * What the original keeps to itself (static) and the patched unit has for all to see, of borrowed
 * struct symbol of patched; caller unrefs.  Nothing of the unit need have changed.
 */
GPtrArray *diff_opened(const struct diff *diff);

#endif
