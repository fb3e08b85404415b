/*
 * A changed function of vmlinux that has no fentry site and that other units can call: who calls it
 * there is to be replaced in its stead.  Says which units have to be compared for that, and proves
 * by the shipped image that nobody is left who still uses the original.
 */
#ifndef KLATCH_BUILD_SPREAD_H
#define KLATCH_BUILD_SPREAD_H

#include <glib.h>

#include "base/cleanup.h"
#include "kernel/kernel.h"
#include "tree/commands.h"

struct spread;

struct spread *spread_new(const struct kernel *kernel, const struct commands *commands);
void spread_free(struct spread *spread);
DEFINE_AUTO(spread, spread_free)

/* For struct diff_intent: such functions, and those that kprobes are to take over instead; either
 * may be others after each spread_units(). */
GHashTable *spread_functions(const struct spread *spread);
GHashTable *spread_probed(const struct spread *spread);

/*
 * Looks at candidates (of struct candidate, compared and matched).  The units that must be compared
 * (again) with what spread_functions() has now; then it is to be asked again.  None if each place
 * of the image that leads to such a function is in one that is replaced, or in such a one.
 * If a user would need a kprobe it is as if spread_probe() had been asked.
 * KLATCH_REFUSED naming a user that can't be replaced.  Adds to notes (of char *) what an author
 * should know.  Array of borrowed const struct unit *; caller unrefs.
 */
GPtrArray *spread_units(struct spread *spread, const GPtrArray *candidates, GPtrArray *notes,
			GError **error);

/*
 * Where that came to a refusal: kprobes are to take over what changed itself and has no fentry
 * site, and nobody else is to be replaced for it.  All units are to be compared again; NULL if
 * there is nothing, or nothing more, that kprobes can take over.  Array as of spread_units().
 */
GPtrArray *spread_probe(struct spread *spread, const GPtrArray *candidates);

#endif
