/*
 * A file as lines.  For this room.
 */
#ifndef KLATCH_RELEASE_TEXT_H
#define KLATCH_RELEASE_TEXT_H

#include <glib.h>

#include "base/cleanup.h"

struct text {
	GBytes *bytes;
	const char *data;
	gsize size;
	guint count;   /* of lines; the last may have no newline */
	gsize *starts; /* where each begins, and the end of the last */
};

/* A file below a tree; of one that is not there the text has no line. */
struct text *text_read(const char *root, const char *path, GError **error);
void text_free(struct text *text);
DEFINE_AUTO(text, text_free)

/* A line with its newline, if it has one; lines are counted from 0. */
static inline const char *text_line(const struct text *text, guint line, gsize *length)
{
	*length = text->starts[line + 1] - text->starts[line];
	return text->data + text->starts[line];
}

/* The line that an offset is in. */
guint text_line_of(const struct text *text, gsize offset);

#endif
