/*
 * The way through the house: patches to one livepatch.  Calls the rooms in order, keeps what each
 * gives until the last is done, measures each.
 */
#ifndef KLATCH_BUILD_PIPELINE_H
#define KLATCH_BUILD_PIPELINE_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/progress.h"
#include "base/workspace.h"
#include "build/candidate.h"
#include "diff/diff.h"
#include "klatch.h"

enum pipeline_status { PIPELINE_BUILT, PIPELINE_REFUSED, PIPELINE_UNCHANGED };

struct pipeline_request {
	const char *release;	    /* NULL: the running kernel */
	const char *const *patches; /* paths, NULL-terminated */
	const char *name;	    /* of the module; NULL: from the first patch */
	const char *output;	    /* NULL: NAME.ko in the current directory; policies no-late
				       and split write a directory, NAME */
	enum klatch_policy policy;  /* what becomes of late references */
	gboolean refuse_mismatch;   /* another build of a target is refused, not left unpatched */
	gboolean beside;	 /* it ends no livepatch that is there; else all, but with split */
	guint version;		 /* it ends none of a higher version; 0: it has none */
	const char *const *cves; /* what the patches fix, NULL-terminated; or NULL */
	struct diff_intent intent; /* what is skipped; data may be named with its source */
	gboolean compare_only;	   /* to know which functions change: nothing is proved or built */
	const struct workspace *workspace;
};

struct pipeline_result {
	enum pipeline_status status;
	char *kernel;	     /* release */
	char *livepatch;     /* path, only if built; with split that of vmlinux, or of the first */
	GPtrArray *files;    /* of struct product (build/products.h), owned: all that was written */
	GPtrArray *objects;  /* of struct changed_object, owned */
	GPtrArray *refusals; /* of GError, owned */
	GPtrArray *skipped;  /* of GError, owned: what would be refusals (struct diff_intent) */
	GPtrArray *notes;    /* of char *, owned */
	GArray *stages;	     /* of struct timed_stage */
};

/* The name of a policy as --late has it, and the policy of a name: KLATCH_USAGE if it is none. */
const char *pipeline_policy_name(enum klatch_policy policy);
gboolean pipeline_policy(const char *name, enum klatch_policy *policy, GError **error);

/*
 * Builds.  What the patch itself is to blame for is a result with refusals; what the machine or a
 * wrong argument is to blame for is NULL with error.  The output file is written only if built; of
 * a comparison alone the status is PIPELINE_UNCHANGED unless it is refused.
 */
struct pipeline_result *pipeline_build(const struct pipeline_request *request,
				       struct progress *progress, GError **error);
void pipeline_result_free(struct pipeline_result *result);
DEFINE_AUTO(pipeline_result, pipeline_result_free)

#endif
