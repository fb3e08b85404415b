/*
 * A C text as the compiler sees it: no comments, and of blanks only those that part two words.  For
 * this room.
 */
#ifndef KLATCH_RELEASE_CODE_H
#define KLATCH_RELEASE_CODE_H

#include <glib.h>

#include "base/cleanup.h"
#include "release/text.h"

struct code {
	GString *bytes;
	gsize *starts; /* where the code of each line begins, and the end of the last */
};

struct code *code_read(const struct text *text);
void code_free(struct code *code);
DEFINE_AUTO(code, code_free)

/* The code of lines [start, end).  Caller frees. */
char *code_of_lines(const struct code *code, guint start, guint end);

/* How a run of code opens and closes braces and parentheses. */
struct nesting {
	gint lowest; /* 0, or by how many it closes more than it has opened */
	gint last;   /* by how many it has opened more than closed at its end */
};

struct nesting code_nesting(const char *code);

#endif
