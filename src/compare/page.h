/*
 * A comparison as a page: one HTML file that needs no other, with plots as SVG within.  It can be
 * read without colour, and printed.
 */
#ifndef KLATCH_COMPARE_PAGE_H
#define KLATCH_COMPARE_PAGE_H

#include "compare/comparison.h"
#include "compare/table.h"

/* Caller frees. */
char *page_make(const struct comparison *comparison, const struct table *table);

#endif
