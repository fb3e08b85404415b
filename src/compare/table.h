/*
 * The table of a comparison: rows of texts, one a policy, each made of what was measured or
 * counted.
 */
#ifndef KLATCH_COMPARE_TABLE_H
#define KLATCH_COMPARE_TABLE_H

#include <glib.h>

#include "base/cleanup.h"
#include "compare/comparison.h"

struct row {
	const char *group; /* "implementation cost" */
	char *title;
	const char *how;		 /* how the cells were got, in words */
	char *cells[KLATCH_NR_POLICIES]; /* never NULL; may have several lines */
};

struct table {
	GPtrArray *rows; /* of struct row, owned; those of a group stand together */
};

struct table *table_new(const struct comparison *comparison);
void table_free(struct table *table);
DEFINE_AUTO(table, table_free)

/* As text for a terminal: a block a group.  Caller frees. */
char *table_text(const struct table *table, const struct comparison *comparison);

#endif
