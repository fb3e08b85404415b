/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pieces of the kernel side, and what each may ask of the others.
 *
 *	core.c	the life of the livepatch: tables to struct klp_patch, init to exit
 *	bind.c	late references: checked once, written each time their object comes
 *	text.c	writing to memory that is mapped read-only
 *	x86.c	what depends on the architecture
 */
#ifndef KLATCH_LATE_LATE_H
#define KLATCH_LATE_LATE_H

#include <linux/module.h>

#include "klatch.h"

/* Messages begin with the livepatch's name, which is not known when this is compiled. */
#undef pr_fmt
#define pr_fmt(fmt) "%s: " fmt, THIS_MODULE->name

/* bind.c */
int klatch_check_pristine(const struct klatch_object *object);
int klatch_bind(const struct klatch_object *object);

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

#endif
