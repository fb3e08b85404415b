/*
 * Names that the compiler numbers.  The number says nothing: one more static variable in a file
 * shifts those of all that follow.
 */
#ifndef KLATCH_DIFF_NAMES_H
#define KLATCH_DIFF_NAMES_H

#include <glib.h>

enum name_class {
	NAME_STATE,    /* which one it is matters */
	NAME_CONSTANT, /* read-only and made by a macro or the compiler: only the content matters */
	NAME_ONCE,     /* remembers that something was said once: a fresh one only says it again */
};

/* The name without its numbers ("count" for "count.5", "foo.constprop" for "foo.constprop.0"), or
 * NULL if the compiler has not numbered it.  Caller frees. */
char *name_stem(const char *name);

enum name_class name_class(const char *stem);

/* Whether it marks one id of a list in .BTF_ids: the list has a name of its own. */
gboolean name_is_btf_id(const char *name);

/* Whether it is the other name of a table of ids that MODULE_DEVICE_TABLE() makes, for modpost. */
gboolean name_is_device_table(const char *name);

/* The name of the function that a cold part belongs to ("foo" for "foo.cold"), or NULL if it is
 * none.  Caller frees. */
char *name_of_cold(const char *name);

#endif
