/*
 * From a refusal of a unit to the changes that it is about: by the place and the names that it
 * tells, against the places and the declarations that a change's hunks stand in.
 */
#ifndef KLATCH_RENEWAL_ATTRIBUTE_H
#define KLATCH_RENEWAL_ATTRIBUTE_H

#include <glib.h>

#include "renewal/selection.h"

/*
 * Those of `candidates` (const struct change *) that fit a refusal best; empty if none does.  As
 * the best may be several, only a single one is certain.  Caller unrefs.
 */
GPtrArray *attribute_refusal(const struct selection *selection, const GPtrArray *candidates,
			     const GError *refusal);

/* Whether a hunk of a change stands in, or makes, a declaration of this name. */
gboolean attribute_names(const struct change *change, const char *name);

/* Whether one stands in a declaration that a reason tells. */
gboolean attribute_tells(const struct change *change, const char *reason);

#endif
