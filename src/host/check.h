/*
 * Whether a livepatch can be loaded on the running machine, and what would come of it, before
 * anything is done.
 */
#ifndef KLATCH_HOST_CHECK_H
#define KLATCH_HOST_CHECK_H

#include <glib.h>

#include "host/host.h"

enum severity {
	FINDING_REFUSED, /* it can't be loaded, or would not do what it is for */
	FINDING_WARNING, /* it can be loaded, and something does not go as one may think */
	FINDING_NOTE,
};

struct finding {
	enum severity severity;
	GError *reason; /* of domain KLATCH_ERROR: what, where, why, hint */
};

/* An array for findings, which owns them. */
GPtrArray *findings_new(void);
void findings_add(GPtrArray *findings, enum severity severity, GError *reason); /* takes it */

const char *severity_name(enum severity severity); /* "refused", "warning", "note" (static) */

/*
 * Checks a livepatch of klatch's against the machine.  Returns an array of struct finding, owned,
 * worst first, empty if all is well; NULL with error if the file can't be read or is none.
 * boots: asks also what the next boots would bring; reading the initramfs takes a while.
 */
GPtrArray *host_check(const struct host *host, const char *path, gboolean boots, GError **error);

/* The name that the module of a livepatch's file will have.  NULL with KLATCH_INPUT if the file is
 * no livepatch.  Caller frees. */
char *host_livepatch_name(const char *path, GError **error);

#endif
