/*
 * One side of a comparison: an object of one unit (split, see split.h) with everything looked up
 * once: what each symbol is, what each relocation means, who uses what, and which entries of
 * special sections belong to which function.
 */
#ifndef KLATCH_DIFF_SIDE_H
#define KLATCH_DIFF_SIDE_H

#include <glib.h>

#include "base/cleanup.h"
#include "diff/insn.h"
#include "elf/object.h"
#include "kernel/special.h"

enum entity_kind {
	ENTITY_NONE, /* nothing of its own: file, section, assembler's label */
	ENTITY_FUNCTION,
	ENTITY_COLD,	 /* the cold part of a function */
	ENTITY_DATA,	 /* a variable: it is what it is by its name */
	ENTITY_CONSTANT, /* is what it is by its content: __func__, switch tables; copies are as
			    good */
	ENTITY_ALIAS,	 /* another name of a function or variable, or of a place in it */
	ENTITY_FOREIGN,	 /* undefined or absolute */
};

/* What a symbol stands for. One for each symbol of the object, by its index. */
struct entity {
	struct symbol *symbol;
	enum entity_kind kind;
	const char *stem; /* of a name that the compiler numbered ("count" of count.5); or NULL */
	struct entity *body;   /* the function or variable itself; of an alias the one it names, or
				  NULL if it lies in none */
	struct entity *parent; /* of a cold part: its function */
	struct entity *cold;   /* of a function: its cold part, or NULL */
	struct entity *twin;   /* on the other side; NULL if it has none */
	gboolean global;       /* other units can name it */
	gboolean has_site;  /* of a function: it has an fentry site, so ftrace can take it over */
	gboolean doubtful;  /* of a variable: which one of the other side it is is not certain */
	GArray *entries;    /* of struct entry: the special entries of its code; or NULL */
	GArray *uses;	    /* of struct use; or NULL */
	gboolean is_copied; /* of a changed function: a copy comes along and the original stays */
	gboolean is_probed; /* of a changed function: it has no site, so a kprobe takes it over */
	gboolean renewed;   /* of a table: it changed, and the livepatch has its own (tables.c) */
	char *why;	    /* of a function: why it has to be replaced; NULL if it has not */
	gboolean promoted;  /* that is: only for what it calls */
};

/* An entry of a special section. */
struct entry {
	const struct special *special;
	struct section *section;
	guint64 offset;
	guint64 code; /* the place in its function that it is for */
};

/* What a relocation means. */
struct reference {
	guint64 offset; /* in the section it applies to */
	guint32 type;
	gboolean branch; /* a jump or call, so that no address is taken */
	gboolean access; /* what is there is meant, so that none is either */
	enum insn_address address;
	struct entity *entity; /* what it refers to, or NULL for anonymous bytes of ... */
	struct section *section;
	gint64 at; /* how far behind its beginning */
};

/* A place that refers to an entity. */
struct use {
	struct entity *user;	       /* function or variable; NULL for anonymous data */
	const struct section *section; /* that the reference lies in */
	gint64 at;		       /* in the entity */
	gboolean branch, access;       /* as of struct reference */
	enum insn_address address;
};

/* A place in anonymous bytes that something refers to. */
struct start {
	gint64 at;
	struct entity *owner; /* a function or variable that refers to it, or NULL */
};

struct side {
	struct object *object;
	const char *source;	 /* the file's name, for messages; borrowed from the object */
	struct entity *entities; /* one for each symbol, by its index */
	guint count;		 /* of entities */
	GHashTable *by_name;	 /* name to entity; to NULL if several have it */

	/* By index of the section; elements may be NULL. */
	guint section_count;
	GPtrArray **bodies;  /* of struct entity, by rising place */
	GArray **references; /* of struct reference, in order of the relocations */
	const struct special **specials;
	GPtrArray **owners; /* of a special section's entries: struct entity or NULL */
	GArray **starts;    /* of struct start, by rising place */
};

/* KLATCH_INPUT if a special section is not made of entries of the series' size. */
struct side *side_new(struct object *object, guint series, GError **error);
void side_free(struct side *side);
DEFINE_AUTO(side, side_free)

/* The references in a range of a section.  Borrowed; *count 0 if there are none. */
const struct reference *side_references(const struct side *side, const struct section *section,
					guint64 start, guint64 end, guint *count);

/* What begins in the same section where a variable ends, or NULL.  An address there can mean
 * either: only then two variables share a section (split.c). */
struct entity *side_behind(const struct side *side, const struct entity *entity);

/* The function or variable that covers an offset of a section; NULL for anonymous bytes. */
struct entity *side_body_at(const struct side *side, const struct section *section, gint64 at);

/* How long the piece of replacement code is that a reference in a section leads to. */
guint64 side_code_size(const struct side *side, const struct section *place,
		       const struct reference *reference);

/* A use that takes the address of a function, or NULL: through it others than its callers here can
 * reach it.  Neither its own entries in special sections nor labels in it count. */
const struct use *side_address_use(const struct entity *function);

/* The function that a use lies in (of a cold part the whole), or the variable, or NULL. */
static inline struct entity *use_owner(const struct use *use)
{
	return use->user && use->user->parent ? use->user->parent : use->user;
}

#endif
