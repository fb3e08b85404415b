/*
 * The guest: the only program inside the virtual machine, its /init.  It reads /plan, does one step
 * after the other, and reports on the second serial port.  Linked statically, without GLib: it must
 * be small, as every trial carries it into an emulated machine.
 *
 * /plan is made by the host (src/lab/plan.h says what the lines mean).  First come facts:
 *
 *	livepatch NAME			its module name
 *	module NAME [DEPENDENCY...]	a file /modules/NAME.ko, and what it needs, in order of
 *loading function OBJECT NAME,SYMPOS	what the livepatch replaces
 *
 * then the steps, "step TEXT" and below it a line a verb.  What is reported (src/lab/report.h):
 *
 *	klatch guest			the kernel is up
 *	step				the next step of the plan begins
 *	note TEXT			about this step
 *	kernel TEXT			a line of the kernel's in it, warning or worse
 *	time MICROSECONDS VERB...	how long the kernel took for it
 *	passed | skipped | failed	this step's result; a failed step is the last one
 *	end				the plan was gone through
 */
#ifndef KLATCH_LAB_GUEST_H
#define KLATCH_LAB_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What came of a verb, and of a step: the first of its verbs that did not pass. */
enum outcome {
	PASSED,
	SKIPPED, /* not possible on this machine, and not the livepatch's fault */
	FAILED,
};

struct module {
	const char *name;
	char *dependencies; /* separated by blanks, in order of loading; may be empty */
	bool loaded;
	bool tried; /* was loaded once, or failed to */
	int absent; /* the errno with which this machine refuses it, livepatch or not; else 0 */
	bool stuck; /* can't be removed, livepatch or not */
	struct module *next;
};

struct alias {
	const char *pattern; /* as fnmatch() has it */
	const char *name;    /* of the module */
	struct alias *next;
};

struct function {
	const char *object;
	const char *name; /* "NAME,SYMPOS", as sysfs has it */
	struct function *next;
};

/* A warning that the kernel gives without the livepatch too, its numbers taken out. */
struct known_line {
	struct known_line *next;
	char text[];
};

struct guest {
	FILE *report;
	int kernel_log;	  /* /dev/kmsg, read without blocking */
	FILE *kernel_say; /* /dev/kmsg, written: marks the steps in the machine's output */
	const char *livepatch;
	struct module *modules;
	struct alias *aliases;
	struct function *functions;
	struct known_line *known;
	bool learning;	   /* this step's warnings become known ones */
	char output[4096]; /* of the last program that was run */
};

/* main.c: tells the host something about this step. */
void guest_note(struct guest *guest, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* plan.c: the text of /plan, NULL if it can't be read. */
char *plan_read(void);
/* Takes in the facts that a plan begins with; returns the rest.  The text is cut up in the course.
 */
char *plan_facts(struct guest *guest, char *text);
/* Goes through the steps. */
void plan_follow(struct guest *guest, char *text);
/* Cuts the first word off a line; "" at its end. */
char *plan_word(char **line);

/* modules.c: load and unload, of modules and of the livepatch. */
struct module *module_find(struct guest *guest, const char *name);
enum outcome module_load(struct guest *guest, char *arguments);
enum outcome module_unload(struct guest *guest, char *arguments);
/* Loads the modules that a name stands for, as /sbin/modprobe, which the kernel runs. */
int module_probe(const char *name);

/* livepatch.c: what sysfs and ftrace say of the livepatch. */
enum outcome livepatch_settle(struct guest *guest);
enum outcome livepatch_disable(struct guest *guest, char *arguments);
enum outcome livepatch_patched(struct guest *guest, char *arguments);

/* program.c: programs that came with the plan. */
enum outcome program_run(struct guest *guest, char *arguments);
enum outcome program_expect(struct guest *guest, char *arguments);

/* log.c: the kernel log since the last call: FAILED with notes if there is a new warning in it. */
enum outcome log_check(struct guest *guest);

/* wait.c */
void wait_milliseconds(unsigned int milliseconds);
/* Calls done() every 20 ms until it is true; false if it is not within the time. */
bool wait_until(struct guest *guest, unsigned int seconds, bool (*done)(struct guest *guest));

#endif
