/*
 * A text before and after a patch, and the lines that it changed.
 */
#ifndef KLATCH_TREE_CHANGED_H
#define KLATCH_TREE_CHANGED_H

#include <glib.h>

#include "base/cleanup.h"

struct changed_text {
	const char *path;		/* below the source tree */
	const char *original, *patched; /* texts */
	gsize original_size, patched_size;
	const GArray *runs; /* of struct run (tree/lines.h) */
};

/* The bytes of one of the two texts that changed, to be asked about. */
struct changed_bytes;

struct changed_bytes *changed_old(const struct changed_text *text);
struct changed_bytes *changed_new(const struct changed_text *text);
gboolean changed_has(const struct changed_bytes *bytes, const char *at);
void changed_bytes_free(struct changed_bytes *bytes);
DEFINE_AUTO(changed_bytes, changed_bytes_free)

/* The offset at which a line begins; that of the end for one behind the last. */
gsize changed_line_start(const GArray *lines, guint line);

/* Text to put in another's place. */
struct edit {
	gsize at, length;
	char *text; /* owned */
	gsize text_length;
};

/* Edits of one text, in any order; none may lie in another. */
GArray *edits_new(void);
void edits_add(GArray *edits, gsize at, gsize length, const char *text, gsize text_length);

/* The text with all of them made; its size in *result_size.  Caller frees. */
char *edits_make(GArray *edits, const char *text, gsize size, gsize *result_size);

#endif
