/*
 * One compiled unit from its objects to the link: compared, proved to be what was shipped, and what
 * of it changes listed.  What `klatch build` and `klatch update` have in common.
 */
#ifndef KLATCH_BUILD_CANDIDATE_H
#define KLATCH_BUILD_CANDIDATE_H

#include <glib.h>

#include "base/cleanup.h"
#include "compile/compile.h"
#include "diff/diff.h"
#include "kernel/kernel.h"
#include "link/link.h"
#include "match/match.h"

/* One compiled unit and all that was learnt of it. */
struct candidate {
	const struct compiled *compiled; /* borrowed */
	struct object *stock;
	struct object *original;
	struct object *patched;
	const struct image *image; /* borrowed from struct images */
	struct match *match;
	struct diff *diff;
};

struct candidate *candidate_new(const struct compiled *compiled);
void candidate_free(struct candidate *candidate);
DEFINE_AUTO(candidate, candidate_free)

/* Reads original and patched and compares them (diff_objects()): candidate->diff.  The data to skip
 * may be named with its source (build/intent.h). */
gboolean candidate_diff(struct candidate *candidate, guint series, gboolean types,
			const struct diff_intent *intent, GError **error);

/* Whether anything of a compared unit goes into a livepatch: one without a function to replace may
 * still have new data that another unit uses. */
gboolean candidate_brings_anything(const struct candidate *candidate);

/* Whether it is linked: it brings something, or has what other units may now refer to. */
gboolean candidate_takes_part(const struct candidate *candidate);

/* What was shipped, by object's name; each is opened when it is asked for first. */
struct images;
struct images *images_new(const struct kernel *kernel); /* keeps a borrowed reference */
void images_free(struct images *images);

/*
 * Reads the stock object and proves it and the original (match_unit(), calls_compare()).
 * KLATCH_REFUSED if they are not what was shipped.
 */
gboolean candidate_match(struct candidate *candidate, const struct kernel *kernel,
			 struct images *images, GError **error);

/* The candidates that take part, as what link_livepatch() takes; only those of an object unless
 * that is NULL; none if they bring nothing.  Array of struct link_unit; caller unrefs. */
GArray *candidates_to_link(const GPtrArray *candidates, const char *object);

/* ---- what changes, for the user ---- */

struct changed_function {
	char *name;
	const char *change; /* "changed" or "new" */
	char *why;
};

struct changed_object {
	char *name;	      /* "vmlinux" or a module */
	GPtrArray *functions; /* of struct changed_function, owned */
};

GPtrArray *changed_objects_new(void); /* of struct changed_object, owned */
void changed_objects_add(GPtrArray *objects, const struct candidate *candidate);
/* Adds what changes of an object to what is listed of it. */
void changed_objects_merge(GPtrArray *objects, const struct changed_object *object);

#endif
