/*
 * What load, unload and revert share: a transition is watched to its end, who holds it up is named,
 * and on time-out it is turned round, left alone or forced.
 */
#ifndef KLATCH_CMD_TRANSITION_H
#define KLATCH_CMD_TRANSITION_H

#include <glib.h>
#include <stdio.h>
#include <json-glib/json-glib.h>

#include "host/livepatch.h"
#include "host/tasks.h"

#define TRANSITION_SECONDS 60

struct transition_options {
	int timeout;
	gboolean now;	 /* it is left under way */
	gboolean signal; /* tasks that hold it up get SIGSTOP and SIGCONT */
	gboolean keep;	 /* on time-out it is left in transition */
	gboolean force;	 /* on time-out it is forced */
	char *confirm;	 /* its name, once more */
	gboolean json;
};

void transition_options_clear(struct transition_options *options);
#define AUTO_TRANSITION_OPTIONS                                                                    \
	__attribute__((cleanup(transition_options_clear))) struct transition_options

/* clang-format off */
#define TRANSITION_ENTRIES(options)                                                                \
	{"timeout", 0, 0, G_OPTION_ARG_INT, &(options)->timeout,                                   \
	 "how long the transition may take (default: 60)", "SECONDS"},                             \
	{"signal", 0, 0, G_OPTION_ARG_NONE, &(options)->signal,                                    \
	 "send SIGSTOP and SIGCONT to tasks that hold it up", NULL},                               \
	{"json", 0, 0, G_OPTION_ARG_NONE, &(options)->json, "print one JSON object", NULL}

/* What is done on time-out; the default is to turn it round. */
#define TIMEOUT_ENTRIES(options)                                                                   \
	{"keep", 0, 0, G_OPTION_ARG_NONE, &(options)->keep,                                        \
	 "on time-out leave it in transition", NULL},                                              \
	{"force", 0, 0, G_OPTION_ARG_NONE, &(options)->force,                                      \
	 "on time-out end it by force; asks once more", NULL},                                     \
	{"confirm", 0, 0, G_OPTION_ARG_STRING, &(options)->confirm,                                \
	 "the answer to what --force asks", "NAME"}
/* clang-format on */

/* KLATCH_USAGE if options contradict each other, or --force is not confirmed (on a terminal it is
 * asked for). */
gboolean transition_check(const struct transition_options *options, const char *name,
			  GError **error);

/*
 * Sees a transition that has begun, to being enabled or disabled, to its end.  KLATCH_REFUSED if it
 * does not end in time, after what the options say was done (the error names who held it up), or if
 * somebody else turned it round.
 */
gboolean transition_finish(const struct transition_options *options, const char *name,
			   gboolean enable, GError **error);

/*
 * Checks a livepatch's file, says warnings, loads it, and unless it is to be left under way sees
 * its transition to the end.
 */
gboolean transition_load(const struct transition_options *options, const char *path,
			 const char *name, GError **error);

/* Removes the module of a livepatch that was disabled, unless it is one that stays.  Returns what
 * became of it in words, NULL on error.  Caller frees. */
char *transition_remove(const struct host_livepatch *livepatch, const char *gone, GError **error);

/* Prints what became of a livepatch: a line, or {status, livepatch, outcome}. */
void transition_print_outcome(const struct transition_options *options, const char *name,
			      const char *outcome);

/* Prints who holds a transition up, with their stacks, and what can be done. */
void transition_print_tasks(FILE *out, const struct host_livepatch *livepatch,
			    const struct host_tasks *tasks);

/* Adds "transition": {tasks, waiting: [...]}. */
void transition_json(const struct host_tasks *tasks, JsonBuilder *builder);

#endif
