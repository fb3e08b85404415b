/*
 * The livepatches of the running machine: /sys/kernel/livepatch, /sys/module, and what the kernel
 * side of klatch says of its targets.
 */
#ifndef KLATCH_HOST_LIVEPATCH_H
#define KLATCH_HOST_LIVEPATCH_H

#include <glib.h>

#include "base/cleanup.h"
#include "host/host.h"

enum livepatch_state {
	LIVEPATCH_ENABLED,
	LIVEPATCH_PATCHING,   /* in transition, to being enabled */
	LIVEPATCH_UNPATCHING, /* in transition, to being disabled */
	LIVEPATCH_DISABLED,   /* its module is loaded, and does nothing */
};

enum target_state {
	TARGET_PATCHED,
	TARGET_UNPATCHED,
	TARGET_LATE,	     /* not loaded: it is patched when it comes */
	TARGET_UNRECOGNISED, /* loaded, but another build: it runs unpatched */
};
#define TARGET_STATES 4

struct host_target {
	char *name; /* "vmlinux" or a module */
	enum target_state state;
	GPtrArray *functions; /* of char *, owned */
};

struct host_livepatch {
	char *name;
	enum livepatch_state state;
	GPtrArray *cves;    /* of char *, owned: what it says that it fixes */
	GPtrArray *kept;    /* of char *, owned: what the kernel may keep of it, so that its module
			       stays in memory; empty: it can be removed */
	GPtrArray *targets; /* of struct host_target, owned; of a disabled one without functions */
};

/* All of them by name: array of struct host_livepatch, owned.  KLATCH_ENVIRONMENT if this kernel
 * has no livepatches. */
GPtrArray *host_livepatches(const struct host *host, GError **error);

/* One, or NULL with KLATCH_REFUSED if it is not there. */
struct host_livepatch *host_livepatch(const struct host *host, const char *name, GError **error);
void host_livepatch_free(struct host_livepatch *livepatch);
DEFINE_AUTO(host_livepatch, host_livepatch_free)

/* The one that is in transition, or NULL: there is never more than one.  Borrowed. */
const struct host_livepatch *host_in_transition(const GPtrArray *livepatches);

static inline gboolean livepatch_is_moving(const struct host_livepatch *livepatch)
{
	return livepatch->state == LIVEPATCH_PATCHING || livepatch->state == LIVEPATCH_UNPATCHING;
}

/* Whether it has ended, and will be in memory until the next boot. */
static inline gboolean livepatch_is_left(const struct host_livepatch *livepatch)
{
	return livepatch->state == LIVEPATCH_DISABLED && livepatch->kept->len;
}

/* What a section of notes says, if its note is of a type (late/klatch.h) and not damaged.  Array of
 * char *, owned. */
GPtrArray *note_words(GBytes *notes, guint type);

/* How many targets are in a state. */
guint livepatch_count(const struct host_livepatch *livepatch, enum target_state state);

/* "enabled", "patching", "unpatching", "disabled"; "patched", "unpatched", "late", "unrecognised"
 * (static). */
const char *livepatch_state_name(enum livepatch_state state);
const char *target_state_name(enum target_state state);

#endif
