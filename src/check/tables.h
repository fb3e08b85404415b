/*
 * The tables of late/klatch.h read back from a finished livepatch, their relocations resolved: what
 * the kernel side would see, before it is loaded.
 */
#ifndef KLATCH_CHECK_TABLES_H
#define KLATCH_CHECK_TABLES_H

#include <glib.h>

#include "base/cleanup.h"
#include "elf/object.h"
#include "klatch.h"

/* Where a pointer of the tables leads. */
struct place {
	struct section *section;
	guint64 offset; /* within it, or at its end */
};

struct table_function {
	const char *name;
	struct place replacement;
	guint64 sympos;
	gboolean probed; /* a kprobe takes it over, not ftrace */
};

struct table_site {
	struct place place;
	struct symbol *symbol; /* NULL if the index names none */
	guint32 type;
	gint64 addend;
};

struct table_object {
	const char *name;  /* "vmlinux" or a module */
	GArray *functions; /* of struct table_function */
	GArray *sites;	   /* of struct table_site */
	GArray *callbacks; /* of struct place: functions of the livepatch */
	const void *note;  /* the build ID of the module it is made for; NULL for vmlinux */
	gsize note_size;
};

struct tables {
	const char *kernel; /* the version in its utsname */
	enum klatch_policy policy;
	guint version;	    /* of the state; 0: none */
	gboolean replace;   /* all livepatches that are there end when this one is enabled */
	gboolean stays;	    /* its module is never removed */
	GPtrArray *objects; /* of struct table_object, owned */
};

/* Strings and sections are borrowed from the object.  KLATCH_INPUT if it has no tables or they are
 * damaged. */
struct tables *tables_read(const struct object *livepatch, GError **error);
void tables_free(struct tables *tables);
DEFINE_AUTO(tables, tables_free)

/*
 * A livepatch's file and its tables, if every byte is as klatch wrote it; a signature may have been
 * added.  KLATCH_INPUT if not.
 */
struct object *livepatch_read(GBytes *file, const char *name, struct tables **tables,
			      GError **error);

/* Whether a name is what the kernel's symbols of a relocation section for one object stand for:
 * ".klp.sym.OBJECT.NAME,SYMPOS".  Caller frees both texts. */
gboolean klp_symbol_parse(const char *symbol, char **object, char **name, guint64 *sympos);

/* Where the value of a relocation leads, if its symbol is in a section. */
gboolean reloc_target(const struct reloc *reloc, struct place *target);

#endif
