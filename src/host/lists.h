/*
 * The kernel's lists of symbols and functions, a line each: /proc/kallsyms, and those of ftrace and
 * kprobes.
 */
#ifndef KLATCH_HOST_LISTS_H
#define KLATCH_HOST_LISTS_H

#include <glib.h>

struct list_entry {
	const char *object; /* "vmlinux" or a module */
	const char *name;
	const char *rest; /* what else the line says */
};

/* Takes a line apart, in place.  False if it is not of this list's form. */
typedef gboolean list_line(char *line, struct list_entry *entry);

list_line list_kallsyms; /* "ffffffff81000000 T name	[module]" */
list_line list_ftrace;	 /* "name [module] (1) R I"; the rest begins behind the module */
list_line list_kprobes; /* "ffffffff81000000  k  name+0x0  module [FTRACE]"; the rest: "+0x0 ..." */

/* What an object's function or symbol is called in a table.  Caller frees. */
char *list_key(const char *object, const char *name);

/* How often the table's keys occur in a list; its values are counts (GUINT_TO_POINTER).  Names that
 * are not in the table are passed over.  text is written to. */
void list_count(char *text, list_line *parse, GHashTable *counts);

/* Calls what is given for each entry whose key is in the table. */
typedef void list_function(const struct list_entry *entry, void *data);
void list_each(char *text, list_line *parse, GHashTable *keys, list_function *function, void *data);

#endif
