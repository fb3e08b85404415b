/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pieces of the kernel side, and what each may ask of the others.
 *
 *	core.c		the life of the livepatch: tables to struct klp_patch, init to exit
 *	identity.c	which build of a target module this is
 *	policy.c	what is done when a target comes and goes
 *	callbacks.c	the callbacks that patches bring along
 *	bind.c		late references: checked once, written each time their module comes
 *	text.c		writing to memory that is mapped read-only
 *	shadow.c	members that patches add to structs, if they do (klatch.h)
 *	probe.c		functions that ftrace can't take over, if there are any (klatch.h)
 *	x86.c		what depends on the architecture
 */
#ifndef KLATCH_LATE_LATE_H
#define KLATCH_LATE_LATE_H

#include <linux/livepatch.h>
#include <linux/module.h>

#include "klatch.h"

/* Messages begin with the livepatch's name, which is not known when this is compiled. */
#undef pr_fmt
#define pr_fmt(fmt) "%s: " fmt, THIS_MODULE->name

/*
 * An object of the livepatch while it is loaded.  The livepatch core compares modules that come
 * with klp->name: as long as that is `unpatched`, which no module is called, the object is left
 * alone.
 */
struct klatch_target {
	const struct klatch_object *object;
	struct klp_object *klp;
	char unpatched[MODULE_NAME_LEN];
	struct module *pinned; /* policy pin: the module that we hold a reference to */
};

/* core.c */
extern struct klp_patch klatch_patch;
/* All objects, in the order of klatch_livepatch.objects; NULL before init. */
extern struct klatch_target *klatch_targets;
/* Whether the livepatch was disabled or replaced; its module may be there for good. */
bool klatch_has_ended(void);

/* identity.c */
int klatch_watch_targets(void);
void klatch_unwatch_targets(void);
bool klatch_recognises(const struct klatch_object *object, const struct module *mod);
bool klatch_kernel_is_right(void);

/* policy.c */
struct klatch_policy_ops {
	int (*init)(void);  /* before the livepatch is enabled; may be NULL, as all of these */
	void (*exit)(void); /* after the last access of the livepatch core */
	/* Called as the callbacks of struct klp_object, for modules that were recognised. */
	int (*pre_patch)(struct klatch_target *target);
	void (*post_unpatch)(struct klatch_target *target);
	bool plain; /* whatever comes is patched, unseen */
	bool early; /* nothing that comes is patched, only what is there */
};
const struct klatch_policy_ops *klatch_policy(void);

/* callbacks.c */
int klatch_call_pre_patch(const struct klatch_object *object, struct klp_object *klp);
void klatch_call_post_patch(const struct klatch_object *object, struct klp_object *klp);
void klatch_call_pre_unpatch(const struct klatch_object *object, struct klp_object *klp);
void klatch_call_post_unpatch(const struct klatch_object *object, struct klp_object *klp);

/* bind.c */
int klatch_check_pristine(const struct klatch_object *object);
int klatch_bind(const struct klatch_object *object);
void klatch_clear(const struct klatch_object *object);

/* text.c: a writer keeps one page mapped, so that writing in order of address is quick. */
struct klatch_writer {
	unsigned long page;
	void *alias; /* NULL: no page is mapped */
};
int klatch_write(struct klatch_writer *writer, void *place, const void *value, size_t size);
void klatch_write_end(struct klatch_writer *writer);

/* x86.c */
size_t klatch_site_size(const struct klatch_site *site);
bool klatch_site_value(const struct klatch_site *site, unsigned long address, u64 *value);
void klatch_sync_text(void);

static inline void *klatch_site_place(const struct klatch_site *site)
{
	return (void *)&site->place + site->place;
}

#endif
