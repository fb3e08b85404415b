/*
 * Virtual machines: the stock kernel in QEMU with an initramfs made for one trial.
 */
#ifndef KLATCH_LAB_LAB_H
#define KLATCH_LAB_LAB_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/progress.h"
#include "kernel/kernel.h"

struct lab_step {
	char *text;    /* "load target tun after the livepatch" */
	gboolean passed;
	char *detail;  /* what was seen, in words; NULL if it passed plainly */
};

struct lab_report {
	gboolean passed;
	GPtrArray *steps;  /* of struct lab_step, owned */
	char *output_path; /* all output of the machine, kept */
	char *accelerator; /* "kvm" or "emulation" */
	double seconds;
};

/*
 * Tries a livepatch: loaded before and after its targets; transition; each function patched;
 * unload; reload of the targets; a clean kernel log.  output_path: where the machine's output is
 * kept.  False with error only if the trial can't be run; a failed trial is a report.
 */
struct lab_report *lab_try(const struct kernel *kernel, const char *livepatch,
			   const char *output_path, struct progress *progress, GError **error);
void lab_report_free(struct lab_report *report);
DEFINE_AUTO(lab_report, lab_report_free)

#endif
