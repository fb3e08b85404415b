/*
 * C source read as text: its definitions, what each refers to, and what it touches of the kernel.
 *
 * No compiler: it relies on the style of this project, in which a definition begins and ends at
 * depth 0 and a variable is declared as `struct tag *name`.
 */
#ifndef KLATCH_COMPARE_SOURCE_H
#define KLATCH_COMPARE_SOURCE_H

#include <glib.h>

#include "base/cleanup.h"

struct definition {
	const char *file;  /* "late/bind.c"; static or the caller's */
	char *name;	   /* of the function, variable or type; of a macro that is invoked: its */
	char *text;	   /* without comments and the contents of strings */
	guint lines;	   /* those with code */
	guint conditions;  /* on the kernel's version, in it or around it */
	GHashTable *words; /* the identifiers in it: char *, owned */
	gboolean invokes;  /* a macro that is invoked at depth 0, such as module_init() */
};

struct source {
	GPtrArray *definitions; /* of struct definition, owned */
};

struct source *source_new(void);
void source_free(struct source *source);
DEFINE_AUTO(source, source_free)

/*
 * Adds the definitions of a text.  Of conditions on LINUX_VERSION_CODE only what a kernel of this
 * series has is read; all other conditions are taken for true and false at once.  file is kept.
 */
void source_add(struct source *source, const char *file, const char *text, guint series);

/* All of a name: a struct and a function may share one.  Array of struct definition, borrowed. */
GPtrArray *source_find(const struct source *source, const char *name);

/*
 * The fields of kernel structures that a definition reads or writes, as "module.state": array of
 * char *, owned, each once.  A field of a structure that the source itself defines is none.
 */
GPtrArray *source_fields(const struct source *source, const struct definition *definition);

#endif
