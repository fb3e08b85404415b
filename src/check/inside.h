/*
 * The room's own door: what every check gets, and the checks themselves.
 *
 *	identity.c	the kernel it is for, and what it takes from vmlinux by export
 *	names.c		what it takes by name: klp symbols, functions to replace
 *	places.c	where its relocations and late references write
 *	special.c	special sections against late references
 *	entries.c	calls through addresses
 *	kept.c		addresses that outlive the livepatch
 *	orc.c		unwinding
 */
#ifndef KLATCH_CHECK_INSIDE_H
#define KLATCH_CHECK_INSIDE_H

#include <glib.h>

#include "check/tables.h"
#include "elf/object.h"
#include "kernel/exports.h"
#include "kernel/kernel.h"
#include "match/image.h"

/* Something that the livepatch's memory is changed by once it is loaded. */
struct write {
	const struct section *section;
	guint64 offset;
	guint32 type; /* R_X86_64_* */
	const struct symbol *symbol;
	gint64 addend;
	enum { WRITTEN_BY_LOADER, WRITTEN_BY_LIVEPATCH_CORE, WRITTEN_LATE } by;
};

/* All of them, ordered by section and offset: array of struct write.  Caller unrefs. */
GArray *writes_of(const struct object *livepatch, const struct tables *tables);
/* The index of the first at or after a place. */
guint write_index(const GArray *writes, const struct place *place);

struct check {
	const struct kernel *kernel;
	struct object *livepatch;
	struct tables *tables;
	GArray *writes;
	struct exports *exports;
	GHashTable *images;  /* name -> struct image, owned; NULL: it can't be opened */
	GPtrArray *refusals; /* of GError, owned by who gets it */
	const char *what;    /* the promise that is looked at */
	const char *hint;
};

/* A livepatch's file, as livepatch_read(). */
struct object *check_read(const char *path, struct tables **tables, GError **error);

/* check_livepatch() of what was read. */
GPtrArray *check_promises(const struct kernel *kernel, struct object *livepatch,
			  struct tables *tables, GError **error);

/* Adds a refusal.  where: in the file, or NULL. */
void check_refuse(struct check *check, const char *where, const char *why, ...) G_GNUC_PRINTF(3, 4);
/* The same at an offset in a section. */
void check_refuse_at(struct check *check, const struct section *section, guint64 offset,
		     const char *why, ...) G_GNUC_PRINTF(4, 5);

/* The image of vmlinux or a module, opened once.  NULL, with a refusal the first time, if the
 * kernel has no such module. */
const struct image *check_image(struct check *check, const char *name);

/* The object of a section ".klp.rela.OBJECT.SECTION", "" if the name is not of that form.  Caller
 * frees. */
char *klp_section_object(const struct section *section);

/* Whether a section is one of the kernel's livepatch relocations. */
static inline gboolean section_is_klp(const struct section *section)
{
	return section->relocates != NULL;
}

static inline gboolean symbol_is_klp(const struct symbol *symbol)
{
	return symbol && !symbol->section && symbol->special == SHN_LIVEPATCH;
}

/* Whether the kernel takes a position for the one that a symbol has: 0 is unique, and 1 as well. */
static inline gboolean sympos_is(guint64 sympos, guint position)
{
	return sympos == position || (sympos == 1 && position == 0);
}

typedef void check_function(struct check *check);
check_function check_version_magic, check_imports, check_identity;
check_function check_klp_symbols, check_klp_sections, check_functions, check_callbacks;
check_function check_late_symbols, check_ordinary_relocs, check_reloc_types, check_init_sections,
	check_places;
check_function check_special_sections, check_boot_sections, check_called_addresses, check_kept;
check_function check_orc;

#endif
