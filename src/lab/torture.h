/*
 * Torture: scenarios made by chance.
 *
 * A set is a scenario without steps (lab/plan.h), with lines that say what its modules and
 * livepatches do:
 *
 *	torture target MODULE FILE WORD...	a module to load and remove.  FILE shows what its
 *						functions do: these words, if nothing is replaced
 *	torture needs MODULE OTHER...		other targets that have to be there first
 *	torture other MODULE LABEL WORD...	another build of it, which runs unpatched: its words
 *	torture fails MODULE LABEL [PARAM=VALUE...] [| TEXT]
 *						a load that fails, and what the kernel says
 *	torture flip NAME MODULE FILE VALUE...	a file to write while the module is there; it begins
 *						with the first value
 *	torture replaces LIVEPATCH MODULE WORD...	the words of it that are others then
 *	torture run PROGRAM [ARG...]		a program that runs all the time
 *
 * A livepatch with --replace takes the place of all that are there.
 *
 * A word is NAME=VALUE; the same NAME is the same function.  In it {NAME:A:B...} stands for A if
 * the flip of that name has its first value, for B if it has its second, and so on; {MODULE:A:B...}
 * for A if the target is not there, for B if it is, then one for each other build.
 *
 * An event is a thing that happens to one module or livepatch.  Events don't wait for transitions:
 * they go on while one is in flight, until an event that waits for it.
 */
#ifndef KLATCH_LAB_TORTURE_H
#define KLATCH_LAB_TORTURE_H

#include <glib.h>

#include "base/cleanup.h"

enum torture_kind {
	TORTURE_LOAD,
	TORTURE_UNLOAD,
	TORTURE_RELOAD,
	TORTURE_OTHER, /* another build is loaded */
	TORTURE_FAIL,  /* a load fails */
	TORTURE_FLIP,
	TORTURE_ENABLE,	 /* a livepatch is loaded */
	TORTURE_DISABLE, /* if it is just being enabled: turned back */
	TORTURE_SETTLE,	 /* the transition is waited for */
	TORTURE_REMOVE,	 /* a disabled livepatch is removed */
	TORTURE_KINDS,
};

struct torture_event {
	enum torture_kind kind;
	guint index;  /* of the target, the livepatch, the failure or the parameter */
	guint choice; /* of a target's other builds, of a parameter's values */
};

struct torture_set;

/* KLATCH_INPUT naming the file and the line if it is no set. */
struct torture_set *torture_parse(const char *text, const char *name, GError **error);
void torture_set_free(struct torture_set *set);
DEFINE_AUTO(torture_set, torture_set_free)

/*
 * So many events by chance, each possible after those before it, and then those that end
 * everything that was begun.  The same seed gives the same events.
 * Array of struct torture_event, owned.
 */
GArray *torture_events(const struct torture_set *set, guint32 seed, guint count);

/* Those events that are still possible when the others are left out.  The same kind of array. */
GArray *torture_possible(const struct torture_set *set, const GArray *events);

/*
 * The scenario of events that are possible, a step each, with what must be seen after each of
 * them.  Caller frees.
 */
char *torture_scenario(const struct torture_set *set, const GArray *events);

/* "load", "unload", ... */
const char *torture_kind_name(enum torture_kind kind);

#endif
