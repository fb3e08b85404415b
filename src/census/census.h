/*
 * The census: which functions of a stock kernel hold what a livepatch must take care of, counted
 * from the image and every module as shipped.
 *
 * A function is a symbol of type FUNC (in vmlinux: of text) at an address of its own; aliases are
 * one function, and a cold part (foo.cold) belongs to its function.  An entry is one of a special
 * section (kernel/special.h).  A mark is what a function holds, an entry bears, or both.
 */
#ifndef KLATCH_CENSUS_CENSUS_H
#define KLATCH_CENSUS_CENSUS_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/progress.h"
#include "kernel/kernel.h"

enum census_mark {
	/* __jump_table, by kind of key and by who owns it */
	CENSUS_JUMP,
	CENSUS_JUMP_DYNDBG,
	CENSUS_JUMP_TRACEPOINT,
	CENSUS_JUMP_KEY,
	CENSUS_JUMP_OF_VMLINUX,
	CENSUS_JUMP_OF_SAME,
	CENSUS_JUMP_OF_ANOTHER,
	/* .static_call_sites */
	CENSUS_CALL,
	CENSUS_CALL_TRACEPOINT,
	CENSUS_CALL_OTHER,
	CENSUS_CALL_OF_VMLINUX,
	CENSUS_CALL_OF_SAME,
	CENSUS_CALL_OF_ANOTHER,
	/* .altinstructions, by what the replacement refers to */
	CENSUS_ALTERNATIVE,
	CENSUS_ALTERNATIVE_ALONE,
	CENSUS_ALTERNATIVE_OF_VMLINUX,
	CENSUS_ALTERNATIVE_OF_SAME,
	CENSUS_ALTERNATIVE_OF_ANOTHER,
	/* the other sections */
	CENSUS_PARAVIRT,
	CENSUS_BUG,
	CENSUS_BUG_HEADER, /* its macro stands in a header, as the entry itself says */
	CENSUS_EXTABLE,
	CENSUS_SMP_LOCK,
	CENSUS_RETPOLINE,
	CENSUS_RETURN,
	CENSUS_CALL_SITE,
	CENSUS_ENDBR,
	CENSUS_CONSTANT, /* written into code at boot */
	CENSUS_MCOUNT,
	CENSUS_PATCHABLE, /* entries only: they refer to the padding before a function */
	CENSUS_ORC,	  /* entries only */
	/* of functions only */
	CENSUS_LATE,	      /* refers to a static or unexported global of its module */
	CENSUS_NOT_TRACEABLE, /* no entry in __mcount_loc */
	CENSUS_NAME_SHARED,   /* another symbol of the object has the same name */
	CENSUS_MARKS,
};

/* What is known of a mark, for tables: static. */
struct census_meaning {
	const char *key;     /* "jump_label_tracepoint", for JSON */
	const char *text;    /* "on a tracepoint" */
	const char *section; /* the special section it is counted in, or NULL */
	gboolean detail;     /* of the one above it that is none */
	guint entry_size;    /* where the table of special sections says none */
	gboolean entries_only;
};
const struct census_meaning *census_meaning(enum census_mark mark);

struct census_count {
	guint64 objects;
	guint64 entries;
	guint64 functions;
};

/* A set of functions: those of vmlinux, of modules, of a subsystem, of a range of sizes. */
struct census_group {
	char *name;
	guint64 objects;
	guint64 functions;
	guint64 references;   /* sum over its functions: distinct symbols that bear CENSUS_LATE */
	guint64 shared_names; /* names that are not unique within their object */
	struct census_count of[CENSUS_MARKS];
};

struct census_unknown {
	char *section;
	guint64 objects;
	char *first; /* the first object that has one */
};

struct census_key {
	char *name; /* of a real key, as symbols say it */
	guint64 entries;
	gboolean in_header; /* a macro or inline of a header asks it (census_trace_keys()) */
};

struct census {
	char *release;
	char *version;
	struct census_group all, vmlinux, modules;
	GPtrArray *subsystems; /* of struct census_group, by name: modules by where they are */
	GPtrArray *sizes;      /* of struct census_group, by rising size */
	GPtrArray *unknown;    /* of struct census_unknown: sections that klatch does not know */
	GPtrArray *keys;       /* of struct census_key, the most frequent first */
	gboolean keys_traced;  /* whether in_header is known */
};

struct census_wish {
	const char *objects; /* a pattern for names of objects (glob), or NULL for all */
	GHashTable *only;    /* object name -> set of function names to count; NULL for all */
};

/* Counts one kernel. */
struct census *census_take(const struct kernel *kernel, const struct census_wish *wish,
			   struct progress *progress, GError **error);
void census_free(struct census *census);
DEFINE_AUTO(census, census_free)

/* Looks in the source tree which real keys are asked by a header's macro or inline. */
gboolean census_trace_keys(struct census *census, const char *source, GError **error);

/* How many jump labels are of those; *all is how many there are of real keys. */
guint64 census_keys_in_headers(const struct census *census, guint64 *all);

/* The share of functions that bear a mark, 0 to 1; 0 of no functions. */
double census_share(const struct census_group *group, enum census_mark mark);

/* What a section or feature did from one kernel to the next: "appeared", "grew", "fell",
 * "vanished", or NULL if it changed by less than a tenth.  Static. */
const char *census_trend(const struct census_group *before, const struct census_group *after,
			 enum census_mark mark);

/* The page that compares them (array of struct census): self-contained.  Caller frees. */
char *census_html(const GPtrArray *censuses);

#endif
