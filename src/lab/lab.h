/*
 * Virtual machines: the stock kernel in QEMU with an initramfs made for one trial.
 *
 * A trial is a plan (lab/plan.h) that is gone through in one machine.  Of each step is known: its
 * result; what was seen, in words; the kernel's own words at level warning or worse, those that the
 * plan waited for too; and for each load and each transition how many microseconds it took.
 */
#ifndef KLATCH_LAB_LAB_H
#define KLATCH_LAB_LAB_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/progress.h"
#include "kernel/kernel.h"
#include "lab/plan.h"

struct lab_trial {
	const struct kernel *kernel;
	const struct plan *plan; /* all that it declares was built or made */
	const char *directory;	 /* for what the trial needs meanwhile; the caller removes it */
	const char *output_path; /* where the machine's output is kept */
	unsigned int timeout;	 /* seconds for the whole machine; 0: enough for its modules */
};

enum lab_result {
	LAB_PASSED,
	LAB_SKIPPED, /* can't be tried on this machine, or was not come to */
	LAB_FAILED,
};

/* How long the kernel took for a verb of a step. */
struct lab_time {
	char *verb; /* "load tun", "settle fix" */
	guint64 microseconds;
};

struct lab_step {
	char *text; /* "load tun under the livepatch" */
	enum lab_result result;
	char *detail;	   /* what was seen, in words, in lines; NULL if there is nothing to say */
	GPtrArray *kernel; /* of char *, owned: lines of the kernel, warnings and worse */
	GPtrArray *times;  /* of struct lab_time, owned, in order */
};

struct lab_report {
	gboolean
		passed; /* every step passed or could not be tried, and the plan was gone through */
	GPtrArray *steps;	 /* of struct lab_step, owned */
	char *output_path;	 /* all output of the machine, kept */
	const char *accelerator; /* "kvm" or "emulation" */
	double seconds;
};

/*
 * Goes through a plan in a machine.  NULL with error only if it can't be run; a failed trial is a
 * report.
 */
struct lab_report *lab_run(const struct lab_trial *trial, struct progress *progress,
			   GError **error);
void lab_report_free(struct lab_report *report);
DEFINE_AUTO(lab_report, lab_report_free)

/*
 * The plan of a trial whose user has none: the livepatch is loaded before and after its targets;
 * transition; each function patched; unload; reload of the targets.
 */
struct plan *lab_standard_plan(const struct kernel *kernel, const char *livepatch, GError **error);

#endif
