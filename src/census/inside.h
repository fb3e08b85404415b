/*
 * The census of one object, vmlinux or a module: what both have in common.
 */
#ifndef KLATCH_CENSUS_INSIDE_H
#define KLATCH_CENSUS_INSIDE_H

#include "census/census.h"

#define NO_FUNCTION G_MAXUINT32

/* A place in an object; in vmlinux `section` is 1 and `offset` the address. */
struct place {
	guint section;
	guint64 offset;
	const char *elsewhere; /* the symbol, if it is in another object; then no place */
};

/* A named symbol. */
struct named {
	guint section;
	guint64 start;
	guint64 end;
	const char *name;
	guint32 function; /* which it is, or a part of; NO_FUNCTION if it is none */
	gboolean exported;
	gboolean main; /* the function itself, not a cold part or an alias */
};

struct census_function {
	guint64 marks; /* bits by enum census_mark */
	guint32 size;
	guint32 references;
	gboolean left_out; /* not one of those that are asked for */
};

/* A site whose key or target is in another object: which, is known when all have been read. */
struct pending {
	guint32 function; /* or NO_FUNCTION */
	enum census_mark of_vmlinux;
	enum census_mark of_another;
	char *name;
};

struct subject {
	char *name;	   /* "vmlinux" or the module's */
	char *subsystem;   /* "drivers/net" */
	GHashTable *only;  /* names of the functions that are asked for, or NULL; borrowed */
	GArray *named;	   /* of struct named, by section and start; built by the reader */
	GArray *functions; /* of struct census_function */
	guint64 entries[CENSUS_MARKS];
	GArray *pending;    /* of struct pending */
	GPtrArray *exports; /* of char *, owned */
	GPtrArray *unknown; /* of char *, owned: names of sections */
	GHashTable *keys;   /* name of a real key -> number of sites */
	guint64 shared_names;
	gboolean left_out; /* read for its exports only */
};

struct subject *subject_new(const char *name, const char *subsystem, GHashTable *only);
void subject_free(struct subject *subject);
DEFINE_AUTO(subject, subject_free)

/* Sorts the named symbols, makes functions of those that `is_function`; see symbols.c. */
void subject_make_functions(struct subject *subject);
/* Forgets what is only needed while an object is read. */
void subject_finish(struct subject *subject);

/* The named symbol that a place is in, or NULL.  Borrowed. */
const struct named *subject_named_at(const struct subject *subject, guint section, guint64 offset);
guint32 subject_function_at(const struct subject *subject, guint section, guint64 offset);

/* Whether what is in a function counts. */
gboolean subject_counts(const struct subject *subject, guint32 function);
/* Counts an entry, and marks the function that holds it. */
void subject_mark(struct subject *subject, guint32 function, enum census_mark mark);

/* The entries of one special section. */
struct table {
	enum census_mark mark;
	guint section; /* of the module; 1 in vmlinux */
	guint64 start; /* offset or address of the first entry */
	guint64 size;
	const guint8 *data;
	guint entry_size;
	guint code_offset;
	guint least; /* how much of the last entry must be there */
};

/* How fields are read: by relocations in a module, by value in vmlinux. */
struct fields {
	struct subject *subject;
	guint series;
	/* What a field of an entry refers to: relative to the field (size 4 or 8), or absolute
	 * (ABSOLUTE).  False if it refers to nothing. */
	gboolean (*refers)(struct fields *fields, const struct table *table, guint64 offset,
			   int size, struct place *place);
	/* The text at a place, or NULL. */
	const char *(*text)(struct fields *fields, const struct place *place);
	/* Which objects' symbols a piece of code refers to: first of another object, else own. */
	gboolean (*code_refers)(struct fields *fields, const struct place *code, guint size,
				struct place *place);
	/* Where the descriptors of debug messages are. */
	guint dyndbg_section;
	guint64 dyndbg_start;
	guint64 dyndbg_end;
};
#define ABSOLUTE 0

/* Says how a section is counted: fills in mark and layout.  False if it is not. */
gboolean sites_layout(struct table *table, const char *section, guint series);
/* Walks a table: marks functions, classifies.  KLATCH_INPUT if it can't be one of its kind. */
gboolean sites_walk(struct fields *fields, const struct table *table, GError **error);

/* Both fill a subject that is new. */
gboolean module_read(struct subject *subject, GBytes *bytes, guint series, GError **error);
gboolean vmlinux_read(struct subject *subject, const struct kernel *kernel, GError **error);

/* An empty census of a kernel; and what all objects (of struct subject) together have. */
struct census *sum_begin(const struct kernel *kernel);
void sum_up(struct census *census, const GPtrArray *subjects);

#endif
