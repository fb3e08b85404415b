/*
 * Other builds of a module, made of the shipped one: what a livepatch may meet in its target's
 * place.
 */
#ifndef KLATCH_COMPARE_BUILDS_H
#define KLATCH_COMPARE_BUILDS_H

#include <glib.h>

#include "elf/object.h"

enum build {
	BUILD_OTHER,   /* it has another build ID, and is the same else */
	BUILD_LACKING, /* and the functions to replace have other names */
	BUILD_FAILING, /* the very same build, but its init fails */
	NR_BUILDS,
};

/*
 * Makes a module another build.  functions: of char *, the names of those to replace.  KLATCH_INPUT
 * if that can't be done: the module has no build ID, or no init function.
 */
gboolean builds_change(struct object *module, enum build build, const GPtrArray *functions,
		       GError **error);

/* The system that a module's tracepoints are in, as tracefs names it; NULL if there are none.
 * Caller frees. */
char *builds_events(const struct object *module);

#endif
