/*
 * Reads a finished livepatch and proves what klatch promises of it.
 */
#ifndef KLATCH_CHECK_CHECK_H
#define KLATCH_CHECK_CHECK_H

#include <glib.h>

#include "kernel/kernel.h"

/*
 * Checks a livepatch file against a kernel and its modules: version magic; every ordinary undefined
 * symbol is exported by vmlinux with that CRC; every klp symbol resolves at its sympos; no entry of
 * a special section refers to a late symbol; no klp symbol in an ordinary relocation; no klp
 * relocation in an .init section; only relocation types that the module loader takes; every site of
 * a late reference is zero in the file; ORC entries for all of its code.
 * Returns an array of GError (KLATCH_REFUSED), empty if all is well; NULL with error if the file
 * can't be read.
 */
GPtrArray *check_livepatch(const struct kernel *kernel, const char *path, GError **error);

/* Whether neither a part of a kernel nor a module of it has a name: KLATCH_USAGE if one has. */
gboolean check_name_is_free(const struct kernel *kernel, const char *name, GError **error);

/* The objects and functions that a livepatch replaces, read from the file: array of
 * struct check_object, owned. */
struct check_object {
	char *name;	      /* "vmlinux" or a module */
	GPtrArray *functions; /* of char *, owned: "name,sympos" as sysfs names them (sympos 1 for
				 unique) */
	GPtrArray *probes;    /* likewise: those that kprobes take over, which sysfs has not */
};
GPtrArray *check_objects(const char *path, GError **error);
void check_object_free(struct check_object *object);

/* A late reference, as memory must hold it while its object is loaded and patched. */
struct check_site {
	char *object;  /* the module whose coming has it written */
	char *section; /* of the livepatch */
	guint64 offset;
	guint32 type; /* R_X86_64_* */
	gint64 addend;
	char *symbol_object; /* where the symbol is: a module */
	char *symbol;
	guint64 sympos; /* 0 if the name is unique */
};

/* All late references of a livepatch file, whoever writes them: array of struct check_site, owned.
 * NULL with error if the file can't be read. */
GPtrArray *check_sites(const char *path, GError **error);

#endif
