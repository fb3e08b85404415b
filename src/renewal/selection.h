/*
 * Which changes of a release go live: all that are asked for, less those that are refused.
 *
 * A change is whole or not at all.  Judges look at what is still chosen and refuse changes; each
 * time that one was refused all judges look again, from the first, until none refuses any more.  As
 * a change never comes back, this ends.
 */
#ifndef KLATCH_RENEWAL_SELECTION_H
#define KLATCH_RENEWAL_SELECTION_H

#include <glib.h>

#include "base/cleanup.h"
#include "release/changes.h"

struct selection {
	const struct changes *changes; /* borrowed */
	GPtrArray *chosen; /* of borrowed const struct change *, by number: still to go live */
	/* private */
	GError **refusals;   /* by number - 1 */
	gboolean *asked;     /* likewise: whether it is wanted at all */
	GHashTable *by_file; /* path -> GPtrArray of borrowed const struct change * that have it */
};

/* Nothing is asked for yet. */
struct selection *selection_new(const struct changes *changes);
void selection_free(struct selection *selection);
DEFINE_AUTO(selection, selection_free)

void selection_ask(struct selection *selection, const struct change *change);
void selection_leave(struct selection *selection, const struct change *change); /* asked no more */
gboolean selection_asked(const struct selection *selection, const struct change *change);

/* Takes a change out, for a reason that is copied.  FALSE if it is out already. */
gboolean selection_refuse(struct selection *selection, const struct change *change,
			  const GError *reason);

/* Why a change was refused, or NULL.  Borrowed. */
const GError *selection_refusal(const struct selection *selection, const struct change *change);

/* Whether a change is asked for and not refused. */
gboolean selection_has(const struct selection *selection, const struct change *change);

/* All changes that have a part of a file, chosen or not; NULL if none.  Borrowed. */
const GPtrArray *selection_of_file(const struct selection *selection, const char *path);

/* Adds to `changes` (of borrowed const struct change *) the chosen ones that have a part of a file,
 * each once. */
void selection_add_of_file(const struct selection *selection, const char *path, GPtrArray *changes);

/* Looks at what is chosen and refuses of it what must be; FALSE on error. */
typedef gboolean selection_judge(struct selection *selection, gpointer data, GError **error);

/* Has all judges look, until none refuses any more. */
gboolean selection_settle(struct selection *selection, selection_judge *const *judges, gsize count,
			  gpointer data, GError **error);

#endif
