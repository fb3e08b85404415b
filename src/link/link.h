/*
 * Changes of all units to one livepatch module.
 */
#ifndef KLATCH_LINK_LINK_H
#define KLATCH_LINK_LINK_H

#include <glib.h>

#include "diff/diff.h"
#include "elf/object.h"
#include "kernel/kernel.h"
#include "klatch.h"
#include "match/match.h"
#include "tree/commands.h"

struct link_unit {
	const struct unit *unit;    /* unit->object says which object's functions are replaced */
	const struct image *image;  /* of that object */
	const struct object *stock; /* the matched object */
	const struct match *match;
	struct object *original;
	struct object *patched;
	struct diff *diff;
};

/* Why a unit can't be part of a livepatch. */
struct link_refusal {
	const struct unit *unit;
	GError *error;
};

struct link_options {
	const char *name; /* of the livepatch, a valid module name */
	enum klatch_policy policy;
	gboolean refuse_mismatch;   /* another build of a target is refused, not left unpatched */
	gboolean replace;	    /* it ends all livepatches that are there ... */
	guint version;		    /* ... unless one has a higher version than this; 0: none */
	const char *const *cves;    /* what it fixes, NULL-terminated; or NULL */
	const char *const *sources; /* what it is made of, in words, likewise */
	GPtrArray *kept; /* of char *, owned: the names that the livepatch says the kernel may keep
			    (link/kept.h) are added here; NULL: nobody wants to know */
	GPtrArray
		*refusals; /* of struct link_refusal, owned: all units are tried, and what is
			      refused of each is added here; NULL: the first refusal is the error */
};

void link_refusal_free(struct link_refusal *refusal);

/*
 * Links a livepatch module to `path`.  Binding of each reference
 * out of replacement code, in this order: to what comes along; to an export of vmlinux (ordinary
 * symbol, CRC from Module.symvers); to a symbol of vmlinux (.klp.rela.vmlinux); to a symbol of a
 * module (late reference, as the policy has it).  KLATCH_REFUSED naming symbol and user if it can't
 * be bound, or resolves differently while its module is COMING and LIVE. Reproducible: the same
 * inputs give the same bytes.
 */
gboolean link_livepatch(const struct kernel *kernel, const struct link_options *options,
			const struct link_unit *units, gsize count, const char *directory,
			const char *path, GError **error);

#endif
