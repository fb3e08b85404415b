/*
 * Original against patched: which functions changed, what must come along, what is refused.
 * Both objects are of one unit, compiled with -ffunction-sections -fdata-sections, objtool not run.
 */
#ifndef KLATCH_DIFF_DIFF_H
#define KLATCH_DIFF_DIFF_H

#include <glib.h>

#include "base/cleanup.h"
#include "elf/object.h"

enum diff_change { DIFF_CHANGED, DIFF_NEW };

struct diff_function {
	struct symbol *patched;
	struct symbol *original; /* NULL for DIFF_NEW */
	enum diff_change change;
	gboolean probed;   /* it has no fentry site: a kprobe is to lead to the patched one */
	gboolean promoted; /* it changed only for what it calls */
	char *why; /* "code differs at +0x14", "calls foo, which has no fentry site", "new" */
};

/* A changed function without an fentry site: a copy of the new one comes along for those that call
 * it, and they are replaced. */
struct diff_copy {
	struct symbol *original;
	gboolean may_be_probed; /* it changed itself, and a kprobe could lead to the patched one */
	char *why;		/* it changed */
};

/*
 * Changes that no livepatch can make and that the author says do not matter: what is there is left
 * as it is.
 */
struct diff_intent {
	gboolean skip_init;	      /* code and data that only initialisation uses */
	const char *const *skip_data; /* initialisers of data, by names as diff_data_is() takes
					 them; NULL-terminated, or NULL for none */
	gboolean unattended; /* no author is there to judge: a variable that goes is refused */
	gboolean builtin;    /* the unit is of vmlinux: its __exit code never runs */
	gboolean probes;     /* a function without an fentry site whose callers can't be replaced in
				its stead is left to a kprobe, if its section lets */
	GHashTable *spread;  /* set of char *: functions of other units that changed and have no
				fentry site.  Who calls one is replaced; and one of this unit is
				copied too, for the caller to prove who calls it elsewhere.  NULL:
				it is refused, or probed, if other files can call it */
	GHashTable *probed;  /* set of char *: functions that are, though callers here could be
				replaced; NULL is none */
};

struct diff {
	GPtrArray *functions; /* of struct diff_function, owned, in file order; cold parts are part
				 of their function and not listed */
	GPtrArray *copied;    /* of struct diff_copy, owned; the global ones are only as
				 diff_intent's `spread` has it */
	GPtrArray *refusals; /* of GError (KLATCH_REFUSED), owned; the unit can't be built if any */
	GPtrArray *skipped;  /* of GError, owned: what would be a refusal, had the author not said
				that it does not matter */
	GPtrArray *data;     /* of char *: data of which only the initialiser changed, so that it
				can be skipped, or was */
	GPtrArray *notes; /* of char *: what an author should know ("static local x was removed") */
	GHashTable *sections; /* set of struct section * of patched that come along whole: text of
				 the functions and their cold parts, new data, strings, constants */
	GHashTable *origins;  /* struct symbol * of patched -> struct symbol * of original that is
				 the  same thing; a reference to it from a section that comes along
				 is  bound to the original unless its section comes along */
};

/*
 * Compares.  Both objects are rewritten first so that every function and variable has a section of
 * its own and relocations name what they mean (split.h); what is in the result is of that form.
 * Never guesses silently: a correlation that is not certain and matters is a refusal.
 * series: the kernel's (struct kernel), for the table of special sections.
 * types: also compare the layouts of types by debug information and refuse changed ones.
 * intent: what is skipped instead of refused; NULL is nothing.
 * A unit without changed functions can still bring new global functions and variables that other
 * units need: look at `sections` too.
 * NULL with error only for objects that can't be compared at all (KLATCH_INPUT).
 */
struct diff *diff_objects(struct object *original, struct object *patched, guint series,
			  gboolean types, const struct diff_intent *intent, GError **error);
void diff_free(struct diff *diff);
DEFINE_AUTO(diff, diff_free)

/* Whether a name means an element of diff->data: with or without the number that the compiler gave
 * it. */
gboolean diff_data_is(const char *data, const char *name);

/* Whether the binary is the same: no functions, no refusals. */
gboolean diff_is_empty(const struct diff *diff);

#endif
