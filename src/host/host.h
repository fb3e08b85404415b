/*
 * The running machine, as its /proc and /sys describe it.
 *
 *	livepatch.h	which livepatches are there, in which state, and their targets
 *	tasks.h		the tasks that a transition waits for, and why
 *	log.h		what the kernel said
 *	check.h		whether a livepatch can be loaded, and what would come of it
 *	change.h	loads, enables, disables and removes livepatches
 *
 * Nothing is remembered anywhere else: what klatch says of the machine is what the kernel says at
 * that moment, whatever became of the process that loaded a livepatch.
 */
#ifndef KLATCH_HOST_HOST_H
#define KLATCH_HOST_HOST_H

#include <glib.h>

/* Where the kernel's files are; tests make trees of their own. */
struct host {
	const char *proc;
	const char *sys;
	const char *log;     /* records in the form of /dev/kmsg */
	const char *modules; /* what is installed: a directory for each release */
	const char *boot;    /* initrd.img-RELEASE */
};

/* This machine. */
const struct host *host_running(void);

/* KLATCH_ENVIRONMENT unless klatch is run by root.  what: what can't be done without. */
gboolean host_need_root(const char *what, GError **error);

/* A small file of the kernel's, without its last newline; NULL if it is not there (any more), which
 * in /proc and /sys may be so at any moment.  The path's elements end with NULL.  Caller frees. */
char *host_text(const char *first, ...) G_GNUC_NULL_TERMINATED;

/* The same of a file that is no text.  Caller unrefs. */
GBytes *host_bytes(const char *first, ...) G_GNUC_NULL_TERMINATED;

/* The names in a directory, sorted; empty if there is none.  Array of char *, owned. */
GPtrArray *host_names(const char *first, ...) G_GNUC_NULL_TERMINATED;

/* The number that a text begins with, or `otherwise` if it is NULL or does not. */
gint64 host_number(const char *text, gint64 otherwise);

#endif
