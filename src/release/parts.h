/*
 * One changed file in parts: runs of changed lines, each within one declaration as far as that can
 * be, with the words that they hold.  For this room.
 */
#ifndef KLATCH_RELEASE_PARTS_H
#define KLATCH_RELEASE_PARTS_H

#include <glib.h>

#include "release/changes.h"
#include "release/words.h"

enum use_flag {
	USE_MEMBER = 1 << 0, /* somewhere as a member */
	USE_PLAIN = 1 << 1,  /* somewhere not as a member */
	USE_NAMED = 1 << 2,  /* called, a tag, in capitals, or of the file's own file scope: not the
				name of a local variable */
	USE_LINE = 1 << 3,   /* a whole line */
	USE_SCOPE = 1 << 4,  /* names a declaration that the part stands in */
	USE_GLOBAL = 1 << 5, /* what is defined other units can mean without a header */
	USE_TAG = 1 << 10,   /* somewhere after struct, union or enum */
	USE_ARGUMENT = 1 << 11, /* somewhere an argument, NAMED, that a macro may paste */
	USE_TYPE = 1 << 9,	/* with SCOPE: a struct, union or enum */
	USE_AROUND = 1 << 8,	/* called by a function that the part stands in */
	DEFINES_MEMBER = 1 << 6,
	DEFINES_OTHER = 1 << 7,
};

/* One word in the changed lines of a part: how often, on either side. */
struct use {
	guint word;
	guint flags;
	guint removed, added;
	guint undefined, defined; /* ... as what is declared or defined */
};

/* How much more of something a part's changed lines take, than give back, than they did before. */
struct balance {
	guint pair;    /* of what kind: balance.c */
	guint subject; /* the word that says of what */
	gint taken;
};

struct part {
	const struct changed_file *file;      /* borrowed */
	guint original_start, original_count; /* lines, from 0 */
	guint patched_start, patched_count;
	char *scope;	  /* for people: the declaration, as it was or as it is new; or NULL */
	char *begins;	  /* what older objects do not have, as a sentence; or NULL */
	guint member;	  /* the word that `begins` does not hold for if the original tree lacks it,
			     or G_MAXUINT */
	GArray *uses;	  /* of struct use, by word */
	GArray *balances; /* of struct balance */
	GArray *counters; /* members that its changed lines count, words by number */
	GArray *counters_around; /* those that the functions count which it stands in */
	GArray *left_to;	 /* members whose functions must do what it gives up, by number */
	GPtrArray *includes;	 /* of char *: "-linux/list.h", "+dce/abm.h" */
	gint checks;		 /* how many more its function makes, if it changes one */
	gboolean conditional;	 /* the lines have a part of an #if ... #endif, not the whole */
	gint opened[2];		 /* conditionals that they open, less those they close, by side */
	gboolean idle;		 /* only comments and blanks changed: it has no uses */
	gboolean frame;		 /* other braces are open behind it than were before */
};

void part_free(struct part *part);

/*
 * The parts of a file that differs, of struct part *, owned, in order.
 */
GPtrArray *parts_of(const struct changed_file *file, const char *original_tree,
		    const char *patched_tree, struct words *words, GError **error);

/* Whether one takes more of something of which the other gives more back (balance.c). */
gboolean balances_are_opposite(const struct part *one, const struct part *other);

/* Whether one changes how a member is counted that functions count which the other stands in
 * (counters.c). */
gboolean counts_what_is_around(const struct part *one, const struct part *other);

/* Whether both change how a member is counted whose name no more than `most` files have. */
gboolean count_the_same(const struct part *one, const struct part *other, const guint *frequencies,
			guint most);

#endif
