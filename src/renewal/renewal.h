/*
 * From one version of the kernel's source to another: all changes of a release that can go live, as
 * one livepatch.  What pipeline.h is for a patch, this is for a thousand of them.
 */
#ifndef KLATCH_RENEWAL_RENEWAL_H
#define KLATCH_RENEWAL_RENEWAL_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/progress.h"
#include "build/candidate.h"
#include "release/changelog.h"
#include "release/changes.h"
#include "renewal/selection.h"

struct renewal_request {
	const char *release;		/* NULL: the running kernel */
	const char *to;			/* package version; NULL: the newest that apt knows */
	const char *source;		/* a source tree to go to, not a package; NULL: none */
	const char *const *objects;	/* only changes that these are compiled from; NULL: all */
	const char *const *without;	/* no change that has a part of these objects or files;
					 NULL-terminated */
	const char *name;		/* of the module; NULL: from the version */
	const char *output;		/* NULL: NAME.ko */
	void (*tell)(const char *text); /* a line for who waits; or NULL */
};

enum change_status { CHANGE_LIVE, CHANGE_REFUSED, CHANGE_UNCHANGED, CHANGE_NOT_ASKED };

/* What became of a change. */
struct change_outcome {
	const struct change *change;
	enum change_status status;
	const GError *refusal; /* borrowed; NULL unless refused */
	GPtrArray *functions;  /* of char *, owned: "object: function" */
};

struct renewal_result {
	char *kernel;
	char *from, *to;      /* package versions; `to` of a source of its own: its name */
	char *livepatch;      /* path; NULL if nothing goes live */
	GPtrArray *outcomes;  /* of struct change_outcome, owned, in order of the changes */
	GPtrArray *objects;   /* of struct changed_object, owned */
	GPtrArray *notes;     /* of char *, owned */
	GPtrArray *unclaimed; /* of borrowed const struct changelog_entry: no change is known to be
				 what they say */
	GArray *stages;	      /* of struct timed_stage */
	guint rounds, compiles, compared;
	/* what the above borrows from */
	struct changes *changes;
	struct changelog *changelog;
	struct selection *selection;
};

struct renewal_result *renewal_make(const struct renewal_request *request,
				    struct progress *progress, GError **error);
void renewal_result_free(struct renewal_result *result);
DEFINE_AUTO(renewal_result, renewal_result_free)

#endif
