/*
 * The files that say what is built: Makefiles and Kconfig.  For this room.
 */
#ifndef KLATCH_RELEASE_RULES_H
#define KLATCH_RELEASE_RULES_H

#include <glib.h>

#include "release/text.h"

/* Whether a file is one, by its name. */
gboolean rules_is(const char *path);

typedef void rules_function(const char *word, gpointer data);

/*
 * Calls a function with what lines [start, start + count) of a rule file are about: the sources of
 * objects ("fs/x/y.c"), directories ("fs/x/") and options ("CONFIG_X").
 */
void rules_read(const char *path, const struct text *text, guint start, guint count,
		rules_function *function, gpointer data);

#endif
