/*
 * The guest: the only program inside the virtual machine, its /init.  It reads /plan, does one step
 * after the other, and reports on the second serial port.  Linked statically, without GLib: it must
 * be small, as every trial carries it into an emulated machine.
 *
 * /plan is made by the host (src/lab/plan.h says what the lines mean).  First come facts:
 *
 *	module LABEL NAME [DEPENDENCY...]	a file /modules/LABEL.ko of a module NAME, and the
 *						labels of what it needs, in order of loading; with
 *						'?' if it can do without
 *	builtin NAME				a module that the kernel has within itself
 *	alias PATTERN LABEL			the kernel asks for a module by such a name
 *	livepatch LABEL				that module is one
 *	follow LABEL LIVEPATCH			it comes and goes after the module
 *	function LABEL OBJECT NAME,SYMPOS	what a livepatch replaces
 *	site LABEL OBJECT PLACE TYPE ADDEND ADDRESS	a late reference of it: PLACE is "SECTION
 *						OFFSET", ADDRESS is "MODULE SECTION OFFSET"
 *	devices					modules are loaded for devices that come
 *
 * then the steps, "step TEXT" and below it a line a verb.  What is reported (src/lab/report.h):
 *
 *	klatch guest			the kernel is up
 *	step				the next step of the plan begins
 *	note TEXT			about this step
 *	kernel TEXT			a line of the kernel's in it, warning or worse
 *	time MICROSECONDS VERB...	how long the kernel took for it
 *	ask COMMAND			for QEMU's monitor; "done" or "no REASON" comes back
 *	passed | skipped | failed	this step's result; a failed step is the last one
 *	end				the plan was gone through
 */
#ifndef KLATCH_LAB_GUEST_H
#define KLATCH_LAB_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* What came of a verb, and of a step: the first of its verbs that did not pass. */
enum outcome {
	PASSED,
	SKIPPED, /* not possible on this machine, and not the livepatch's fault */
	FAILED,
};

struct module {
	const char *label;  /* in the plan */
	const char *name;   /* its own */
	char *dependencies; /* separated by blanks, in order of loading; may be empty */
	bool is_livepatch;
	bool is_builtin; /* there is no file of it, and it is always there */
	bool tried;	 /* was loaded once, or failed to */
	int absent; /* the errno with which this machine refuses it, livepatch or not; else 0 */
	bool stuck; /* can't be removed, livepatch or not */
	struct module *follower; /* a livepatch that comes and goes after it, or NULL */
	struct module *next;
};

struct alias {
	const char *pattern; /* as fnmatch() has it */
	const char *label;   /* of the module */
	struct alias *next;
};

struct function {
	const struct module *livepatch;
	const char *object;
	const char *name; /* "NAME,SYMPOS", as sysfs has it */
	bool probed;	  /* a kprobe takes it over, and sysfs has it not */
	struct function *next;
};

struct site {
	const struct module *livepatch;
	const char *object;
	const char *section; /* of the livepatch */
	uint64_t offset;
	unsigned int type; /* R_X86_64_* */
	int64_t addend;
	const char *symbol_object, *symbol_section;
	uint64_t symbol_offset;
	struct site *next;
};

/* A warning that the kernel gives without the livepatch too, its numbers taken out. */
struct known_line {
	struct known_line *next;
	char text[];
};

/* What the kernel said in this step. */
struct log_line {
	struct log_line *next;
	unsigned int level;
	bool expected;
	char text[];
};

/* A program that runs on while the plan goes on. */
struct program {
	char *name;
	pid_t pid;
	int output; /* a file */
	struct program *next;
};

struct guest {
	FILE *report;
	int answers;	  /* the same port, read */
	int kernel_log;	  /* /dev/kmsg, read without blocking */
	FILE *kernel_say; /* /dev/kmsg, written: marks the steps in the machine's output */
	struct module *modules;
	struct alias *aliases;
	struct function *functions;
	struct site *sites;
	bool devices;
	struct known_line *known;
	struct log_line *log, **log_end;
	struct program *programs;
	bool begin;	    /* this verb's end is not waited for */
	bool wants_refusal; /* of this verb by the kernel */
	bool refused;	    /* the kernel did */
	bool learning;	    /* this step's warnings become known ones */
	bool unchecked;	    /* this step's end is not checked */
	char output[4096];  /* of the last program that ended */
};

/* main.c: tells the host something about this step. */
void guest_note(struct guest *guest, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How long a verb took. */
void guest_time(struct guest *guest, uint64_t microseconds, const char *verb, const char *name);

/* plan.c: the text of /plan, NULL if it can't be read. */
char *plan_read(void);
/* Takes in the facts that a plan begins with; returns the rest.  The text is cut up in the course.
 */
char *plan_facts(struct guest *guest, char *text);
/* Goes through the steps. */
void plan_follow(struct guest *guest, char *text);
/* Cuts the first word off a line; "" at its end. */
char *plan_word(char **line);

/* modules.c: load and unload, of modules and of livepatches. */
struct module *module_find(const struct guest *guest, const char *label);
/* Whether a module of that name is there and its init has succeeded; vmlinux always is. */
bool module_is_live(const char *name);
/* The same, but one that is loaded for a device is waited for. */
bool module_comes(const struct guest *guest, const char *name);
enum outcome module_load(struct guest *guest, char *arguments);
enum outcome module_unload(struct guest *guest, char *arguments);
/* Loads the modules that a name stands for, as modprobe does. */
bool module_probe(struct guest *guest, const char *name);

/* livepatch.c: what sysfs and ftrace say of livepatches. */
enum outcome livepatch_settle(struct guest *guest, char *arguments);
enum outcome livepatch_disable(struct guest *guest, char *arguments);
enum outcome livepatch_force(struct guest *guest, char *arguments);
/* Disables a livepatch and waits until it is gone. */
enum outcome livepatch_end(struct guest *guest, const struct module *livepatch);
enum outcome livepatch_patched(struct guest *guest, char *arguments);
enum outcome livepatch_unpatched(struct guest *guest, char *arguments);
/* Waits until a livepatch that was just loaded has replaced all functions. */
enum outcome livepatch_enabled(struct guest *guest, const struct module *livepatch);
/* Whether it is enabled, no transition of it goes on, and the object is there, and of the build
 * that it was made for. */
bool livepatch_applies(const struct module *livepatch, const char *object);
/* Whether it is not enabled any more, and its transition is over. */
bool livepatch_has_ended(const struct module *livepatch);
/* Every function that a settled livepatch replaces in what is there must be redirected. */
enum outcome livepatch_check(struct guest *guest);

/* sites.c: every late reference of a settled livepatch to what is there must be in memory what it
 * must be. */
enum outcome sites_check(struct guest *guest);

/* program.c: programs that came with the plan. */
enum outcome program_run(struct guest *guest, char *arguments);
enum outcome program_expect(struct guest *guest, char *arguments);
enum outcome program_stop(struct guest *guest, char *arguments);

/* files.c: files of the kernel, and file systems. */
enum outcome file_read(struct guest *guest, char *arguments);
enum outcome file_gone(struct guest *guest, char *arguments);
enum outcome file_write(struct guest *guest, char *arguments);
enum outcome file_mount(struct guest *guest, char *arguments);
enum outcome file_umount(struct guest *guest, char *arguments);

/* behaviour.c: what a file shows at this moment. */
enum outcome behaviour_is(struct guest *guest, char *arguments);
enum outcome behaviour_turns(struct guest *guest, char *arguments);

/* devices.c: devices that come and go, and a process that loads modules for them. */
void devices_watch(struct guest *guest);
/* Tells of all devices that are there as if they came now, which udev has done when it starts. */
void devices_announce(void);
enum outcome device_plug(struct guest *guest, char *arguments);
enum outcome device_unplug(struct guest *guest, char *arguments);

/* log.c: waits for a text in what the kernel said in this step; it is no complaint then. */
enum outcome log_expect(struct guest *guest, char *arguments);
/* Ends a step: FAILED with notes if there is a new warning in it. */
enum outcome log_check(struct guest *guest);

/* wait.c */
void wait_milliseconds(unsigned int milliseconds);
/* Calls done() every 20 ms until it is true; false if it is not within the time. */
bool wait_until(unsigned int seconds, bool (*done)(const void *what), const void *what);
uint64_t wait_clock(void); /* microseconds */

#endif
