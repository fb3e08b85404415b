/*
 * Which entries of the changelog a change probably belongs to: neither says so, it is found by
 * evidence (functions, subsystem and rare words of the subject).
 */
#ifndef KLATCH_RELEASE_ASSIGN_H
#define KLATCH_RELEASE_ASSIGN_H

#include "release/changelog.h"
#include "release/changes.h"

/*
 * Fills `entries` of every change.  An entry goes to one change, the likeliest, or to none if that
 * is not clear; a change may have several or none.  Returns the entries that have none (borrowed;
 * caller unrefs the array), NULL on error.  The changelog must outlive the changes.
 */
GPtrArray *assign_entries(const struct changes *changes, const struct changelog *changelog,
			  GError **error);

#endif
