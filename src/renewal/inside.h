/*
 * What the files of renewal.h share: a run, and the units that its changes reach.
 */
#ifndef KLATCH_RENEWAL_INSIDE_H
#define KLATCH_RENEWAL_INSIDE_H

#include "release/built.h"
#include "renewal/renewal.h"
#include "tree/commands.h"
#include "tree/overlay.h"

/* A unit that some change may reach, and what was found out of it. */
struct reached {
	const struct unit *unit;
	struct compiled *compiled;
	GPtrArray *files;    /* of borrowed char *: patched files that lead to it */
	GPtrArray *reads;    /* of char *, owned: patched files that it read when judged last */
	char *state;	     /* of all those files then; NULL: not judged */
	GPtrArray *refusals; /* of GError, owned */
	GPtrArray *notes;    /* of char *, owned */
	GPtrArray *objects;  /* of struct changed_object, owned: what changes of it */
	GHashTable *alone;   /* const struct change * -> set of char *: the functions of `objects`
				that differ with that change alone, where it was tried; owned */
	gboolean needs;	     /* a change that was tried so needs others */
	gboolean fails;	     /* the patched source does not compile */
	gboolean brings;
	gboolean proved;		  /* it is what was shipped */
	gboolean has_original, has_stock; /* objects that are there */
};

/* A change that a header of it is refused for, once it is known that its types are no reason. */
struct wide {
	const struct change *change;
	GError *refusal;
};

struct renewal {
	const struct renewal_request *request;
	struct renewal_result *result;
	struct progress *progress;
	struct kernel *kernel;
	struct commands *commands;
	struct built *built;
	struct selection *selection; /* the result's */
	char *name;
	char *directory; /* <cache>/updates/RELEASE-to-VERSION */
	char *source;	 /* the tree that the changes lead to */
	char *package;	 /* its linux-source */
	struct overlay *overlay;
	GPtrArray *overlaid; /* of borrowed const struct change *: what it holds */
	GHashTable *sums;    /* path of a patched file -> checksum, both owned */
	GHashTable *reach;   /* path of a patched file -> struct touched, both owned */
	GHashTable *by_unit; /* const struct unit * -> struct reached, owned */
	GPtrArray *reached;  /* of borrowed struct reached, in order of the database */
	GArray *wide;	     /* of struct wide */
	GHashTable *tried; /* set of borrowed const struct change *: compiled alone to know what it
			      is credited with */
	struct images *images;
	char *made;	   /* the livepatch, below `directory` */
	GPtrArray *kept;   /* of char *, owned: what the kernel may keep of it (link/kept.h) */
	const char *stage; /* what time is counted for */
	gint64 stage_began;
	guint done, wanted; /* units of a round, for progress */
};

/* How units are compared: nobody looks at each. */
extern const struct diff_intent renewal_intent;

void renewal_reached_free(struct reached *reached);

/* ---- stages and words ---- */

/* Counts time for a stage from now on; NULL: for none. */
void renewal_begin_stage(struct renewal *renewal, const char *name);
void renewal_tell(const struct renewal *renewal, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ---- changes ---- */

/* The chosen changes that lead to a unit, those of comments only if there are no others; those of
 * all files that it reads.  Caller unrefs. */
GPtrArray *renewal_leading(const struct renewal *renewal, const struct reached *reached);
GPtrArray *renewal_visible(const struct renewal *renewal, const struct reached *reached);

/* Takes changes out and tells so. */
void renewal_refuse(struct renewal *renewal, const struct change *change, const GError *reason);
void renewal_refuse_all(struct renewal *renewal, const GPtrArray *changes, const GError *reason);

/* ---- what is compiled ---- */

/* Makes the overlay hold what is chosen now. */
gboolean renewal_renew_overlay(struct renewal *renewal, GError **error);

/* The overlay of a change alone, beside that of all. */
struct overlay *renewal_overlay_of_one(const struct renewal *renewal, const struct change *change,
				       GError **error);

/* Compiles units (of const struct reached *) patched with a change alone; their originals are
 * there. `done` is called as by compile_each(). */
gboolean renewal_compile_alone(struct renewal *renewal, const struct change *change,
			       const GPtrArray *reached, compile_done *done, gpointer data,
			       GError **error);

/* Compiles what is wanted of units (of struct compiled *); `done` gets the renewal as its data. */
gboolean renewal_compile(struct renewal *renewal, const GPtrArray *units, compile_done *done,
			 GError **error);

/* The few of some units (of const struct unit *) that are compiled first to know what a file
 * changes; caller unrefs. */
GPtrArray *renewal_samples(const struct renewal *renewal, const char *path, const GPtrArray *units);

/* Whether a change has to do with the objects that are asked for. */
gboolean renewal_is_asked(const struct renewal *renewal, const struct change *change);

/*
 * Refuses the changes that units (of struct compiled *) that were just judged are refused for: for
 * each unit at least one, or one that it reads leaves for another unit.  Then it is judged again.
 */
gboolean renewal_refuse_units(struct renewal *renewal, const GPtrArray *units, GError **error);

/* ---- what a change is credited with (credit.c) ---- */

/* Finds out what is in doubt, once all but the link is judged; each change is tried once. */
gboolean renewal_settle_credit(struct renewal *renewal, GError **error);

/* The functions that are replaced for a change, as "object: function".  Caller unrefs. */
GPtrArray *renewal_functions(const struct renewal *renewal, const struct change *change);

/* ---- the judges, in their order ---- */

selection_judge renewal_judge_files, renewal_judge_samples, renewal_judge_reach, renewal_judge_all,
	renewal_judge_shipped, renewal_judge_link;

#endif
