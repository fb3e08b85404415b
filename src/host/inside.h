/*
 * The room's own door: what each question of host_check() gets.
 *
 *	check_machine.c	the kernel that runs, and what it lets in
 *	check_targets.c	the builds of the targets, in memory, installed and in the initramfs
 *	check_names.c	symbols and functions: there, replaceable, used by others
 */
#ifndef KLATCH_HOST_INSIDE_H
#define KLATCH_HOST_INSIDE_H

#include <glib.h>

#include "check/tables.h"
#include "elf/object.h"
#include "host/check.h"

struct host_check {
	const struct host *host;
	struct object *livepatch;
	struct tables *tables;
	char *name; /* of its module */
	gboolean is_signed;
	gsize size;	     /* of the file */
	GPtrArray *findings; /* of struct finding */
};

/* Adds a finding.  where, hint: may be NULL. */
void host_find(struct host_check *check, enum severity severity, const char *what,
	       const char *where, const char *hint, const char *why, ...) G_GNUC_PRINTF(6, 7);

/* Whether the build of a target that is loaded is the one that the livepatch is for. */
enum target_build { BUILD_MISSING, BUILD_SAME, BUILD_OTHER };
enum target_build host_loaded_build(const struct host *host, const struct table_object *target);

/* Whether it is for the kernel that runs; if not there is a finding. */
gboolean host_check_release(struct host_check *check);

typedef void host_question(struct host_check *check);
host_question host_check_name, host_check_transition, host_check_switches;
host_question host_check_signature, host_check_space;
host_question host_check_targets, host_check_initramfs;
host_question host_check_symbols, host_check_traceable, host_check_livepatches, host_check_kprobes,
	host_check_ftrace;

#endif
