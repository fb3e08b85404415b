/*
 * Everything is chosen at first.  Judges (cmd/selection.h) then look at what the chosen changes
 * make of the kernel, each at more than the one before: a few units that see each header, all
 * units, what was shipped, the link.  What a unit is refused for is led back to a change, which
 * leaves, whole.
 *
 * A unit is judged again only if a file that it reads is another one than when it was judged last.
 * What is compiled again all the same, after an interruption say, comes from ccache if there is
 * one; so all paths are the same in each round and each run.
 */
#include "cmd/renewal.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "check/check.h"
#include "cmd/attribute.h"
#include "cmd/command.h"
#include "cmd/products.h"
#include "kernel/cache.h"
#include "kernel/packages.h"
#include "link/runtime.h"
#include "release/assign.h"
#include "release/built.h"
#include "tree/overlay.h"
#include "tree/touched.h"
#include "tree/tree.h"

/* How many units are compiled to know whether a header's types changed: one may not use them. */
#define SAMPLES 3

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
	gboolean fails;	     /* the patched source does not compile */
	gboolean brings;
	gboolean proved;		  /* it is what was shipped */
	gboolean has_original, has_stock; /* objects that are there */
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
	guint overlay_size;  /* how many changes it holds */
	GHashTable *sums;    /* path of a patched file -> checksum, both owned */
	GHashTable *reach;   /* path of a patched file -> struct touched, both owned */
	GHashTable *by_unit; /* const struct unit * -> struct reached, owned */
	GPtrArray *reached;  /* of borrowed struct reached, in order of the database */
	struct images *images;
	char *made;	   /* the livepatch, below `directory` */
	const char *stage; /* what time is counted for */
	gint64 stage_began;
	guint done, wanted; /* units of a round, for progress */
};

/* ---- stages and words ---- */

static void begin_stage(struct renewal *renewal, const char *name)
{
	GArray *stages = renewal->result->stages;
	gint64 now = g_get_monotonic_time();
	double seconds = (double)(now - renewal->stage_began) / 1e6;
	guint i = 0;

	if (renewal->stage) {
		while (i < stages->len &&
		       strcmp(g_array_index(stages, struct command_stage, i).name, renewal->stage))
			i++;
		if (i == stages->len) {
			struct command_stage stage = {renewal->stage, 0};

			g_array_append_val(stages, stage);
		}
		g_array_index(stages, struct command_stage, i).seconds += seconds;
	}
	renewal->stage = name;
	renewal->stage_began = now;
	progress_report(renewal->progress, name ? name : "ending", -1);
}

static G_GNUC_PRINTF(2, 3) void tell(const struct renewal *renewal, const char *format, ...)
{
	va_list args;

	if (!renewal->request->tell)
		return;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	renewal->request->tell(text);
}

/* ---- from paths and units to changes ---- */

static void reached_free(struct reached *reached)
{
	compiled_free(reached->compiled);
	g_ptr_array_unref(reached->files);
	g_clear_pointer(&reached->reads, g_ptr_array_unref);
	g_ptr_array_unref(reached->refusals);
	g_ptr_array_unref(reached->notes);
	g_clear_pointer(&reached->objects, g_ptr_array_unref);
	g_free(reached->state);
	g_free(reached);
}

/* The chosen changes that lead to a unit. */
static GPtrArray *leading_changes(const struct renewal *renewal, const struct reached *reached)
{
	GPtrArray *changes = g_ptr_array_new();

	for (guint i = 0; i < reached->files->len; i++)
		selection_add_of_file(renewal->selection, g_ptr_array_index(reached->files, i),
				      changes);
	return changes;
}

/* The chosen changes of all files that a unit reads, whether by them or not. */
static GPtrArray *visible_changes(const struct renewal *renewal, const struct reached *reached)
{
	GPtrArray *changes = leading_changes(renewal, reached);

	for (guint i = 0; reached->reads && i < reached->reads->len; i++)
		selection_add_of_file(renewal->selection, g_ptr_array_index(reached->reads, i),
				      changes);
	return changes;
}

static void refuse(struct renewal *renewal, const struct change *change, const GError *reason)
{
	const struct klatch_reason *told = klatch_error_reason(reason);

	if (selection_refuse(renewal->selection, change, reason))
		tell(renewal, "change %u is refused: %s%s%s: %.*s", change->number,
		     told->where ? told->where : "", told->where ? ": " : "", told->what,
		     (int)strcspn(told->why, "\n"), told->why);
}

static void refuse_all(struct renewal *renewal, const GPtrArray *changes, const GError *reason)
{
	for (guint i = 0; i < changes->len; i++)
		refuse(renewal, g_ptr_array_index(changes, i), reason);
}

/* ---- the overlay of what is chosen ---- */

/* In a directory that is not there, or was emptied (overlay_empty()). */
static struct overlay *make_overlay(const struct renewal *renewal, const GPtrArray *chosen,
				    const char *name, GError **error)
{
	g_autofree char *directory = g_build_filename(renewal->directory, name, NULL);
	g_autofree char *file = g_strconcat(name, ".patch", NULL);
	g_autofree char *patch = g_build_filename(renewal->directory, file, NULL);
	const char *const patches[] = {chosen->len ? patch : NULL, NULL};

	if (!changes_write(renewal->result->changes, chosen, patch, error))
		return NULL;
	return overlay_new(renewal->kernel, patches, directory, error);
}

/* The overlay of a change alone, beside that of all. */
static struct overlay *overlay_of_one(const struct renewal *renewal, const struct change *change,
				      GError **error)
{
	g_autofree char *directory = g_build_filename(renewal->directory, "alone", NULL);
	g_autoptr(GPtrArray) chosen = g_ptr_array_new();

	g_ptr_array_add(chosen, (gpointer)change);
	return files_remove_tree(directory, error) ? make_overlay(renewal, chosen, "alone", error)
						   : NULL;
}

static char *file_sum(const struct overlay *overlay, const struct patched_file *file,
		      GError **error)
{
	g_autofree char *path = g_build_filename(overlay->root, file->path, NULL);
	g_autoptr(GBytes) bytes = NULL;

	if (file->change == PATCHED_DELETED)
		return g_strdup("deleted");
	bytes = files_map(path, error);
	return bytes ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes) : NULL;
}

/* Makes the overlay hold what is chosen now. */
static gboolean renew_overlay(struct renewal *renewal, GError **error)
{
	const GPtrArray *chosen = renewal->selection->chosen;

	if (renewal->overlay && renewal->overlay_size == chosen->len)
		return TRUE;
	begin_stage(renewal, "overlay");
	if (renewal->overlay && !overlay_empty(renewal->overlay, renewal->kernel, error))
		return FALSE;
	g_clear_pointer(&renewal->overlay, overlay_free);
	renewal->overlay = make_overlay(renewal, chosen, "overlay", error);
	if (!renewal->overlay)
		return FALSE;
	renewal->overlay_size = chosen->len;
	g_hash_table_remove_all(renewal->sums);
	for (guint i = 0; i < renewal->overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(renewal->overlay->files, i);
		char *sum = file_sum(renewal->overlay, file, error);

		if (!sum)
			return FALSE;
		g_hash_table_insert(renewal->sums, g_strdup(file->path), sum);
	}
	return TRUE;
}

/* ---- which units each file leads to ---- */

/* What one change alone is refused for in a file; NULL if for nothing. */
static gboolean touched_alone(struct renewal *renewal, const struct change *change,
			      const char *path, struct touched **touched, GError **error)
{
	AUTO(overlay) overlay = NULL;
	AUTO(toucher) toucher = NULL;

	*touched = NULL;
	overlay = overlay_of_one(renewal, change, error);
	if (!overlay)
		return FALSE;
	toucher = toucher_new(renewal->kernel, renewal->commands, overlay);
	for (guint i = 0; i < overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(overlay->files, i);

		if (!strcmp(file->path, path)) {
			*touched = toucher_file(toucher, file, error);
			return *touched != NULL;
		}
	}
	return TRUE;
}

/* A file that can't be made live as a whole: by the fault of which of its changes?  The units that
 * the others lead to are found by the way. */
static gboolean refuse_file(struct renewal *renewal, const char *path, struct touched *all,
			    GError **error)
{
	g_autoptr(GPtrArray) changes = g_ptr_array_new();

	selection_add_of_file(renewal->selection, path, changes);
	for (guint i = 0; i < changes->len; i++) {
		AUTO(touched) alone = NULL;
		const GPtrArray *refusals = all->refusals;

		if (changes->len > 1) {
			if (!touched_alone(renewal, g_ptr_array_index(changes, i), path, &alone,
					   error))
				return FALSE;
			if (!alone)
				continue;
			refusals = alone->refusals;
			for (guint j = 0; j < alone->units->len; j++)
				if (!g_ptr_array_find(all->units, alone->units->pdata[j], NULL))
					g_ptr_array_add(all->units, alone->units->pdata[j]);
		}
		if (refusals->len)
			refuse(renewal, g_ptr_array_index(changes, i),
			       g_ptr_array_index(refusals, 0));
	}
	return TRUE;
}

static gboolean reach_file(struct renewal *renewal, struct toucher *toucher,
			   const struct patched_file *file, GError **error)
{
	struct touched *touched = toucher_file(toucher, file, error);

	if (!touched)
		return FALSE;
	g_hash_table_insert(renewal->reach, g_strdup(file->path), touched);
	return !touched->refusals->len || refuse_file(renewal, file->path, touched, error);
}

static void reach_unit(struct renewal *renewal, const struct unit *unit, const char *path)
{
	struct reached *reached = g_hash_table_lookup(renewal->by_unit, unit);

	if (!reached) {
		g_autofree char *objects = g_build_filename(renewal->directory, "objects", NULL);

		reached = g_new0(struct reached, 1);
		reached->unit = unit;
		reached->compiled = compiled_new(unit, objects, 0, FALSE);
		reached->files = g_ptr_array_new();
		reached->refusals = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
		reached->notes = g_ptr_array_new_with_free_func(g_free);
		g_hash_table_insert(renewal->by_unit, (gpointer)unit, reached);
	}
	g_ptr_array_add(reached->files, (gpointer)path);
}

/* ---- the objects that are asked for ---- */

static gboolean is_wanted_object(const struct renewal *renewal, const char *object)
{
	return g_strv_contains(renewal->request->objects, object);
}

/* Whether a file is compiled into one of the objects that are asked for. */
static gboolean is_in_wanted(const struct renewal *renewal, const char *path)
{
	g_autoptr(GPtrArray) objects = renewal->built->objects(renewal->built, path);

	for (guint i = 0; i < objects->len; i++)
		if (is_wanted_object(renewal, g_ptr_array_index(objects, i)))
			return TRUE;
	return FALSE;
}

/* Whether one of those may include it. */
static gboolean may_be_in_wanted(const struct renewal *renewal, const char *path)
{
	GHashTable *includers = renewal->built->includers(renewal->built, path);
	GHashTableIter iter;
	gpointer includer;

	g_hash_table_iter_init(&iter, includers);
	while (g_hash_table_iter_next(&iter, &includer, NULL))
		if (is_in_wanted(renewal, includer))
			return TRUE;
	return FALSE;
}

typedef gboolean file_test(const struct renewal *renewal, const char *path);

static gboolean any_file(const struct renewal *renewal, const struct change *change,
			 file_test *test)
{
	for (guint i = 0; i < change->files->len; i++)
		if (test(renewal,
			 ((const struct changed_file *)g_ptr_array_index(change->files, i))->path))
			return TRUE;
	return FALSE;
}

/* Whether a file is compiled into any object: one that is not is a header. */
static gboolean is_in_any(const struct renewal *renewal, const char *path)
{
	g_autoptr(GPtrArray) objects = renewal->built->objects(renewal->built, path);

	return objects->len > 0;
}

/* A change is asked for if one of its files is compiled into a wanted object, or if it is one of
 * headers alone, for as long as a wanted object may see it. */
static gboolean is_asked(const struct renewal *renewal, const struct change *change)
{
	if (!renewal->request->objects || any_file(renewal, change, is_in_wanted))
		return TRUE;
	return !any_file(renewal, change, is_in_any) && any_file(renewal, change, may_be_in_wanted);
}

/* Whether a file leads to a unit of a wanted object. */
static gboolean leads_to_wanted(const struct renewal *renewal, const char *path)
{
	const struct touched *touched = g_hash_table_lookup(renewal->reach, path);

	for (guint i = 0; touched && i < touched->units->len; i++)
		if (is_wanted_object(renewal,
				     ((const struct unit *)touched->units->pdata[i])->object))
			return TRUE;
	return FALSE;
}

/* Now that it is known what headers lead to: those that lead elsewhere are not asked for. */
static void leave_others(struct renewal *renewal)
{
	const GPtrArray *all = renewal->result->changes->all;

	for (guint i = 0; renewal->request->objects && i < all->len; i++) {
		const struct change *change = g_ptr_array_index(all, i);

		if (selection_asked(renewal->selection, change) &&
		    !any_file(renewal, change, is_in_wanted) &&
		    !any_file(renewal, change, leads_to_wanted))
			selection_leave(renewal->selection, change);
	}
}

/* Once, for all that is asked for: what some of it reaches is no more than that. */
static gboolean find_reach(struct renewal *renewal, GError **error)
{
	const GPtrArray *files = renewal->overlay->files, *all = commands_units(renewal->commands);
	AUTO(toucher) toucher = toucher_new(renewal->kernel, renewal->commands, renewal->overlay);
	GHashTableIter iter;
	gpointer path, touched;

	begin_stage(renewal, "reach");
	for (guint i = 0; i < files->len; i++) {
		progress_report(renewal->progress, "following what changed to the units",
				(double)i / files->len);
		if (!reach_file(renewal, toucher, g_ptr_array_index(files, i), error))
			return FALSE;
	}
	g_hash_table_iter_init(&iter, renewal->reach);
	while (g_hash_table_iter_next(&iter, &path, &touched))
		for (guint i = 0; i < ((struct touched *)touched)->units->len; i++)
			reach_unit(renewal, ((struct touched *)touched)->units->pdata[i], path);
	for (guint i = 0; i < all->len; i++) {
		struct reached *reached =
			g_hash_table_lookup(renewal->by_unit, g_ptr_array_index(all, i));
		g_autofree char *objects = g_build_filename(renewal->directory, "objects", NULL);

		if (!reached)
			continue;
		/* The number is that of the database: the same in each run, whatever is asked. */
		compiled_free(reached->compiled);
		reached->compiled = compiled_new(reached->unit, objects, i, FALSE);
		g_ptr_array_add(renewal->reached, reached);
	}
	tell(renewal, "%u files lead to %u units", files->len, renewal->reached->len);
	leave_others(renewal);
	return TRUE;
}

/* The first judge: what no unit has to be compiled for. */
static gboolean judge_files(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;

	if (!renew_overlay(renewal, error))
		return FALSE;
	return g_hash_table_size(renewal->reach) || find_reach(renewal, error);
}

/* ---- units compiled and compared ---- */

static void add_state(const struct renewal *renewal, const GPtrArray *paths, GString *state)
{
	for (guint i = 0; paths && i < paths->len; i++) {
		const char *path = g_ptr_array_index(paths, i);
		const char *sum = g_hash_table_lookup(renewal->sums, path);

		g_string_append_printf(state, "%s %s\n", path, sum ? sum : "-");
	}
}

/* What the patched files of a unit are now, as text. */
static char *state_of(const struct renewal *renewal, const struct reached *reached)
{
	GString *state = g_string_new(NULL);

	add_state(renewal, reached->files, state);
	add_state(renewal, reached->reads, state);
	return g_string_free(state, FALSE);
}

/* Whether a file is patched now and more of it than function bodies is. */
static gboolean changes_types(const struct renewal *renewal, const char *path)
{
	for (guint i = 0; i < renewal->overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(renewal->overlay->files, i);

		if (!strcmp(file->path, path))
			return file->file_scope;
	}
	return FALSE;
}

static gboolean is_led_to(const struct renewal *renewal, const struct reached *reached)
{
	for (guint i = 0; i < reached->files->len; i++)
		if (g_hash_table_contains(renewal->sums, g_ptr_array_index(reached->files, i)))
			return TRUE;
	return FALSE;
}

/* A unit that no chosen change leads to is as it was. */
static void forget(struct reached *reached)
{
	g_ptr_array_set_size(reached->refusals, 0);
	g_clear_pointer(&reached->state, g_free);
	g_clear_pointer(&reached->objects, g_ptr_array_unref);
	reached->brings = FALSE;
}

static gboolean needs_judging(struct renewal *renewal, struct reached *reached)
{
	if (!is_led_to(renewal, reached)) {
		forget(reached);
		return FALSE;
	}
	g_autofree char *state = state_of(renewal, reached);
	return g_strcmp0(state, reached->state) != 0;
}

/* The patched files that a unit read: how its object was made says so. */
static gboolean take_reads(const struct renewal *renewal, struct reached *reached, GError **error)
{
	const char *root = renewal->overlay->root;
	g_autoptr(GPtrArray) files = compile_files(reached->compiled->patched, error);
	GPtrArray *reads;

	if (!files)
		return FALSE;
	reads = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < files->len; i++) {
		g_autofree char *path = g_canonicalize_filename(files->pdata[i], "/");

		if (g_str_has_prefix(path, root) && path[strlen(root)] == '/' &&
		    g_hash_table_contains(renewal->sums, path + strlen(root) + 1))
			g_ptr_array_add(reads, g_strdup(path + strlen(root) + 1));
	}
	g_clear_pointer(&reached->reads, g_ptr_array_unref);
	reached->reads = reads;
	return TRUE;
}

/* What can't be compared at all is refused, as in a thousand units one such is no reason to end. */
static GError *as_refusal(const GError *problem)
{
	const struct klatch_reason *reason = klatch_error_reason(problem);
	GError *refusal = NULL;

	klatch_fail(&refusal, KLATCH_REFUSED, reason->what, reason->where, reason->hint, "%s",
		    reason->why);
	return refusal;
}

static gboolean compare(struct renewal *renewal, struct reached *reached, GError **error)
{
	AUTO(candidate) candidate = candidate_new(reached->compiled);
	g_autoptr(GError) problem = NULL;

	if (!candidate_diff(candidate, renewal->kernel->series, reached->compiled->types, NULL,
			    &problem)) {
		if (g_error_matches(problem, KLATCH_ERROR, KLATCH_INPUT)) {
			g_ptr_array_add(reached->refusals, as_refusal(problem));
			return TRUE;
		}
		g_propagate_error(error, g_steal_pointer(&problem));
		return FALSE;
	}
	renewal->result->compared++;
	for (guint i = 0; i < candidate->diff->refusals->len; i++)
		g_ptr_array_add(reached->refusals,
				g_error_copy(candidate->diff->refusals->pdata[i]));
	for (guint i = 0; i < candidate->diff->notes->len; i++)
		g_ptr_array_add(reached->notes, g_strdup(candidate->diff->notes->pdata[i]));
	reached->brings = candidate_brings_anything(candidate);
	reached->objects = changed_objects_new();
	changed_objects_add(reached->objects, candidate);
	return TRUE;
}

/* What was compared and is the same is not needed any more; a header's units are many. */
static void drop_objects(struct reached *reached)
{
	if (reached->brings || reached->refusals->len)
		return;
	g_unlink(reached->compiled->patched);
	g_unlink(reached->compiled->original);
	reached->has_original = FALSE;
}

static gboolean judge_unit(struct compiled *compiled, const GError *problem, gpointer data,
			   GError **error)
{
	struct renewal *renewal = data;
	struct reached *reached = g_hash_table_lookup(renewal->by_unit, compiled->unit);

	forget(reached);
	g_ptr_array_set_size(reached->notes, 0);
	reached->has_original = TRUE;
	reached->fails = problem != NULL;
	if (problem)
		g_ptr_array_add(reached->refusals, g_error_copy(problem));
	else if (!take_reads(renewal, reached, error) || !compare(renewal, reached, error))
		return FALSE;
	reached->state = state_of(renewal, reached);
	drop_objects(reached);
	progress_report(renewal->progress, "compiling and comparing",
			(double)++renewal->done / renewal->wanted);
	return TRUE;
}

/* Asks for original and patched of a unit, with debug information if types may have changed. */
static void want(struct renewal *renewal, struct reached *reached)
{
	gboolean types = FALSE;

	for (guint i = 0; i < reached->files->len && !types; i++)
		types = changes_types(renewal, g_ptr_array_index(reached->files, i));
	if (types && !reached->compiled->types)
		reached->has_original = FALSE;
	reached->compiled->types |= types;
	reached->compiled->kinds = 1 << COMPILE_PATCHED;
	if (!reached->has_original)
		reached->compiled->kinds |= 1 << COMPILE_ORIGINAL;
}

static gboolean compile(struct renewal *renewal, const GPtrArray *units, compile_done *done,
			GError **error)
{
	g_autofree char *objects = g_build_filename(renewal->directory, "objects", NULL);

	renewal->done = 0;
	renewal->wanted = units->len;
	renewal->result->compiles += units->len;
	return compile_each(renewal->kernel, renewal->overlay, units, objects, done, renewal,
			    error);
}

/* ---- whose fault it is ---- */

struct trial {
	struct renewal *renewal;
	gboolean types;
	GError *refusal;
};

static gboolean judge_trial(struct compiled *compiled, const GError *problem, gpointer data,
			    GError **error)
{
	struct trial *trial = data;
	AUTO(candidate) candidate = candidate_new(compiled);

	if (problem) {
		trial->refusal = g_error_copy(problem);
		return TRUE;
	}
	if (!candidate_diff(candidate, trial->renewal->kernel->series, trial->types, NULL, error))
		return FALSE;
	if (candidate->diff->refusals->len)
		trial->refusal = g_error_copy(candidate->diff->refusals->pdata[0]);
	return TRUE;
}

/* The first thing that a change alone is refused for in a unit; *refusal is NULL if there is none.
 */
static gboolean refused_alone(struct renewal *renewal, const struct reached *reached,
			      const struct change *change, GError **refusal, GError **error)
{
	g_autofree char *objects = g_build_filename(renewal->directory, "alone-objects", NULL);
	g_autoptr(GPtrArray) units = g_ptr_array_new();
	AUTO(compiled) compiled = compiled_new(reached->unit, objects, 0, reached->compiled->types);
	struct trial trial = {renewal, compiled->types, NULL};
	AUTO(overlay) overlay = NULL;

	g_ptr_array_add(units, compiled);
	g_free(compiled->original);
	compiled->original = g_strdup(reached->compiled->original);
	compiled->kinds = 1 << COMPILE_PATCHED;
	overlay = overlay_of_one(renewal, change, error);
	if (!overlay ||
	    !compile_each(renewal->kernel, overlay, units, objects, judge_trial, &trial, error))
		return FALSE;
	renewal->result->compiles++;
	*refusal = trial.refusal;
	return TRUE;
}

/* The refused changes that led to a unit, too. */
static GPtrArray *refused_changes(const struct renewal *renewal, const struct reached *reached)
{
	GPtrArray *refused = g_ptr_array_new();

	for (guint i = 0; i < reached->files->len; i++) {
		const GPtrArray *same =
			selection_of_file(renewal->selection, g_ptr_array_index(reached->files, i));

		for (guint j = 0; same && j < same->len; j++)
			if (selection_refusal(renewal->selection, g_ptr_array_index(same, j)) &&
			    !g_ptr_array_find(refused, g_ptr_array_index(same, j), NULL))
				g_ptr_array_add(refused, g_ptr_array_index(same, j));
	}
	return refused;
}

/*
 * A refusal as it is told of a change: what does not compile any more since others were refused
 * needs one of them.  Caller frees.
 */
static GError *reason_of(const struct renewal *renewal, const struct reached *reached,
			 const GError *refusal)
{
	g_autoptr(GPtrArray) refused = refused_changes(renewal, reached);
	const struct klatch_reason *reason = klatch_error_reason(refusal);
	GError *told = NULL;

	if (!reached->fails || !refused->len)
		return g_error_copy(refusal);
	g_autoptr(GPtrArray) best = attribute_refusal(renewal->selection, refused, refusal);
	const struct change *needed = g_ptr_array_index(best->len ? best : refused, 0);
	const struct klatch_reason *other =
		klatch_error_reason(selection_refusal(renewal->selection, needed));
	klatch_fail(&told, KLATCH_REFUSED, "the change needs another that is refused",
		    reason->where, other->hint, "without change %u (%s) it does not compile: %s",
		    needed->number, other->what, reason->why);
	return told;
}

/*
 * Nothing that is told leads to one change: each is tried alone.  If only several of them together
 * are refused, the last one leaves; the others are judged again.
 */
static gboolean refuse_by_trial(struct renewal *renewal, const struct reached *reached,
				const GPtrArray *changes, GError **error)
{
	gboolean found = FALSE;

	for (guint i = 0; i < changes->len; i++) {
		g_autoptr(GError) refusal = NULL;

		if (!refused_alone(renewal, reached, g_ptr_array_index(changes, i), &refusal,
				   error))
			return FALSE;
		found = found || refusal;
		if (refusal)
			refuse(renewal, g_ptr_array_index(changes, i), refusal);
	}
	if (!found) {
		g_autoptr(GError) reason =
			reason_of(renewal, reached, g_ptr_array_index(reached->refusals, 0));

		refuse(renewal, g_ptr_array_index(changes, changes->len - 1), reason);
	}
	return TRUE;
}

/* A change that is refused when all units were looked at: until then each is looked at with the
 * changes that it was judged with. */
struct verdict {
	const struct change *change;
	GError *reason;
};

static void verdict_clear(gpointer at)
{
	struct verdict *verdict = at;

	g_clear_error(&verdict->reason);
}

/* What is certain of a unit's refusals. */
static void find_certain(const struct renewal *renewal, const struct reached *reached,
			 GArray *verdicts)
{
	g_autoptr(GPtrArray) visible = visible_changes(renewal, reached);

	for (guint i = 0; i < reached->refusals->len; i++) {
		const GError *refusal = g_ptr_array_index(reached->refusals, i);
		g_autoptr(GPtrArray) best = attribute_refusal(renewal->selection, visible, refusal);
		const GPtrArray *only = visible->len == 1 ? visible : best;
		struct verdict verdict = {NULL, NULL};

		if (only->len != 1)
			continue;
		verdict.change = g_ptr_array_index(only, 0);
		verdict.reason = reason_of(renewal, reached, refusal);
		g_array_append_val(verdicts, verdict);
	}
}

/* The chosen changes that one of a unit's refusals may be about. */
static GPtrArray *find_doubtful(const struct renewal *renewal, const struct reached *reached)
{
	g_autoptr(GPtrArray) visible = visible_changes(renewal, reached);

	for (guint i = 0; i < reached->refusals->len; i++) {
		g_autoptr(GPtrArray) best = attribute_refusal(
			renewal->selection, visible, g_ptr_array_index(reached->refusals, i));

		if (best->len)
			return g_steal_pointer(&best);
	}
	return leading_changes(renewal, reached);
}

static void give_verdicts(struct renewal *renewal, const GArray *verdicts)
{
	for (guint i = 0; i < verdicts->len; i++) {
		const struct verdict *verdict = &g_array_index(verdicts, struct verdict, i);

		refuse(renewal, verdict->change, verdict->reason);
	}
}

/* Whether all changes that a unit was judged with are still chosen. */
static gboolean is_as_judged(const struct renewal *renewal, const struct reached *reached,
			     guint count)
{
	g_autoptr(GPtrArray) visible = visible_changes(renewal, reached);

	return visible->len == count;
}

/*
 * Refuses the changes that units (of struct compiled *) that were just judged are refused for: for
 * each unit at least one, or one that it reads leaves for another unit.  Then it is judged again.
 */
static gboolean refuse_units(struct renewal *renewal, const GPtrArray *units, GError **error)
{
	g_autoptr(GArray) verdicts = g_array_new(FALSE, FALSE, sizeof(struct verdict));
	g_autofree guint *counts = g_new0(guint, units->len);

	g_array_set_clear_func(verdicts, verdict_clear);
	for (guint i = 0; i < units->len; i++) {
		const struct compiled *compiled = g_ptr_array_index(units, i);
		struct reached *reached = g_hash_table_lookup(renewal->by_unit, compiled->unit);
		g_autoptr(GPtrArray) visible = visible_changes(renewal, reached);

		counts[i] = visible->len;
		find_certain(renewal, reached, verdicts);
	}
	give_verdicts(renewal, verdicts);
	for (guint i = 0; i < units->len; i++) {
		const struct compiled *compiled = g_ptr_array_index(units, i);
		struct reached *reached = g_hash_table_lookup(renewal->by_unit, compiled->unit);
		g_autoptr(GPtrArray) doubtful = NULL;

		if (!reached->refusals->len || !is_as_judged(renewal, reached, counts[i]))
			continue;
		doubtful = find_doubtful(renewal, reached);
		if (!refuse_by_trial(renewal, reached, doubtful, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean judge_units(struct renewal *renewal, const GPtrArray *reached, GError **error)
{
	g_autoptr(GPtrArray) units = g_ptr_array_new();

	for (guint i = 0; i < reached->len; i++) {
		struct reached *one = g_ptr_array_index(reached, i);

		if (!needs_judging(renewal, one))
			continue;
		want(renewal, one);
		g_ptr_array_add(units, one->compiled);
	}
	renewal->result->rounds++;
	tell(renewal, "round %u: %u changes, %u units to compile", renewal->result->rounds,
	     renewal->selection->chosen->len, units->len);
	begin_stage(renewal, "compile");
	if (!compile(renewal, units, judge_unit, error))
		return FALSE;
	begin_stage(renewal, "attribute");
	return refuse_units(renewal, units, error);
}

static goffset source_size(const struct renewal *renewal, const struct reached *reached)
{
	g_autofree char *path =
		g_build_filename(renewal->kernel->source, reached->unit->source, NULL);
	GStatBuf status;

	return g_stat(path, &status) ? G_MAXINT64 : status.st_size;
}

struct sample {
	struct reached *reached;
	gboolean
		related; /* its own source is part of a change of the header: it uses what is new */
	goffset size;
};

static int by_worth(gconstpointer a, gconstpointer b)
{
	const struct sample *first = a, *second = b;

	if (first->related != second->related)
		return second->related - first->related;
	return (first->size > second->size) - (first->size < second->size);
}

/* Whether one of the chosen changes of a file has a part of another file, too. */
static gboolean is_related(const struct renewal *renewal, const char *path, const char *other)
{
	g_autoptr(GPtrArray) changes = g_ptr_array_new();
	g_autoptr(GPtrArray) others = g_ptr_array_new();

	selection_add_of_file(renewal->selection, path, changes);
	selection_add_of_file(renewal->selection, other, others);
	for (guint i = 0; i < changes->len; i++)
		if (g_ptr_array_find(others, g_ptr_array_index(changes, i), NULL))
			return TRUE;
	return FALSE;
}

/* Adds the first few units that a file leads to, as stand-ins for the others. */
static void add_samples(const struct renewal *renewal, const struct patched_file *file,
			GHashTable *samples)
{
	const struct touched *touched = g_hash_table_lookup(renewal->reach, file->path);
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(struct sample));

	for (guint i = 0; touched && i < touched->units->len; i++) {
		struct reached *reached =
			g_hash_table_lookup(renewal->by_unit, touched->units->pdata[i]);
		struct sample sample = {reached,
					is_related(renewal, file->path, reached->unit->source),
					source_size(renewal, reached)};

		g_array_append_val(found, sample);
	}
	g_array_sort(found, by_worth);
	for (guint i = 0; i < MIN(found->len, SAMPLES); i++)
		g_hash_table_add(samples, g_array_index(found, struct sample, i).reached);
}

/* The second judge: a few units for each header whose types may have changed, before the hundreds
 * that see it are compiled. */
static gboolean judge_samples(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;
	g_autoptr(GHashTable) samples = g_hash_table_new(NULL, NULL);
	g_autoptr(GPtrArray) reached = g_ptr_array_new();

	if (!renew_overlay(renewal, error))
		return FALSE;
	for (guint i = 0; i < renewal->overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(renewal->overlay->files, i);

		if (g_str_has_suffix(file->path, ".h") && file->file_scope)
			add_samples(renewal, file, samples);
	}
	for (guint i = 0; i < renewal->reached->len; i++)
		if (g_hash_table_contains(samples, g_ptr_array_index(renewal->reached, i)))
			g_ptr_array_add(reached, g_ptr_array_index(renewal->reached, i));
	return judge_units(renewal, reached, error);
}

/* The third judge: all units. */
static gboolean judge_all(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;

	return judge_units(renewal, renewal->reached, error);
}

/* ---- what was shipped, and the link ---- */

static gboolean keep_stock(struct compiled *compiled, const GError *problem, gpointer data,
			   GError **error)
{
	struct renewal *renewal = data;
	struct reached *reached = g_hash_table_lookup(renewal->by_unit, compiled->unit);

	reached->has_stock = TRUE;
	progress_report(renewal->progress, "compiling what was shipped",
			(double)++renewal->done / renewal->wanted);
	return TRUE;
}

static gboolean compile_stock(struct renewal *renewal, GError **error)
{
	g_autoptr(GPtrArray) units = g_ptr_array_new();

	for (guint i = 0; i < renewal->reached->len; i++) {
		struct reached *reached = g_ptr_array_index(renewal->reached, i);

		if (!reached->brings || reached->has_stock)
			continue;
		reached->compiled->kinds = 1 << COMPILE_STOCK;
		g_ptr_array_add(units, reached->compiled);
	}
	tell(renewal, "%u units to prove", units->len);
	return compile(renewal, units, keep_stock, error);
}

/* Without debug information, which is most of an object and not linked. */
static void drop_debug(struct object *object)
{
	for (guint i = 0; i < object->sections->len; i++) {
		struct section *section = object_section_at(object, i);

		if (!g_str_has_prefix(section->name, ".debug_"))
			continue;
		g_clear_pointer(&section->data, g_free);
		section->size = 0;
		g_array_set_size(section->relocs, 0);
	}
}

/* A unit read and compared again, for what is beyond comparing. */
static struct candidate *read_unit(struct renewal *renewal, const struct reached *reached,
				   GError **error)
{
	AUTO(candidate) candidate = candidate_new(reached->compiled);

	if (!candidate_diff(candidate, renewal->kernel->series, FALSE, NULL, error))
		return NULL;
	drop_debug(candidate->original);
	drop_debug(candidate->patched);
	return g_steal_pointer(&candidate);
}

static gboolean prove(struct renewal *renewal, struct reached *reached, GError **error)
{
	AUTO(candidate) candidate = read_unit(renewal, reached, error);
	g_autoptr(GPtrArray) changes = NULL;
	g_autoptr(GError) problem = NULL;

	if (!candidate)
		return FALSE;
	reached->proved = candidate_match(candidate, renewal->kernel, renewal->images, &problem);
	if (reached->proved)
		return TRUE;
	if (!g_error_matches(problem, KLATCH_ERROR, KLATCH_REFUSED)) {
		g_propagate_error(error, g_steal_pointer(&problem));
		return FALSE;
	}
	changes = leading_changes(renewal, reached);
	refuse_all(renewal, changes, problem);
	return TRUE;
}

/* The fourth judge: whether the originals are what was shipped. */
static gboolean judge_shipped(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;

	begin_stage(renewal, "stock");
	if (!compile_stock(renewal, error))
		return FALSE;
	begin_stage(renewal, "prove");
	for (guint i = 0; i < renewal->reached->len; i++) {
		struct reached *reached = g_ptr_array_index(renewal->reached, i);

		progress_report(renewal->progress, "proving the originals",
				(double)i / renewal->reached->len);
		if (reached->brings && !reached->proved && !prove(renewal, reached, error))
			return FALSE;
	}
	return TRUE;
}

static GPtrArray *read_units(struct renewal *renewal, GError **error)
{
	g_autoptr(GPtrArray) candidates =
		g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);

	for (guint i = 0; i < renewal->reached->len; i++) {
		const struct reached *reached = g_ptr_array_index(renewal->reached, i);
		struct candidate *candidate;

		progress_report(renewal->progress, "reading what is linked",
				(double)i / renewal->reached->len);
		if (!reached->brings)
			continue;
		candidate = read_unit(renewal, reached, error);
		if (!candidate)
			return NULL;
		g_ptr_array_add(candidates, candidate);
		if (!candidate_match(candidate, renewal->kernel, renewal->images, error))
			return NULL;
	}
	return g_steal_pointer(&candidates);
}

/* What the link refuses of a unit: by name, or else of all that leads to the unit. */
static void refuse_link(struct renewal *renewal, const struct link_refusal *refusal)
{
	const struct reached *reached = g_hash_table_lookup(renewal->by_unit, refusal->unit);
	g_autoptr(GPtrArray) leading = leading_changes(renewal, reached);
	g_autoptr(GPtrArray) best = attribute_refusal(renewal->selection, leading, refusal->error);

	refuse_all(renewal, best->len ? best : leading, refusal->error);
}

/* A refusal that is of no unit: by name, or else by the source that it tells. */
static gboolean refuse_whole(struct renewal *renewal, const GError *refusal)
{
	guint before = renewal->selection->chosen->len;
	g_autoptr(GPtrArray) best =
		attribute_refusal(renewal->selection, renewal->selection->chosen, refusal);

	if (best->len)
		refuse_all(renewal, best, refusal);
	return renewal->selection->chosen->len < before;
}

static gboolean check(struct renewal *renewal, GError **error)
{
	g_autoptr(GPtrArray) findings = NULL;

	begin_stage(renewal, "check");
	findings = check_livepatch(renewal->kernel, renewal->made, error);
	if (!findings)
		return FALSE;
	for (guint i = 0; i < findings->len; i++)
		if (!refuse_whole(renewal, g_ptr_array_index(findings, i))) {
			g_propagate_error(error, g_error_copy(g_ptr_array_index(findings, i)));
			return FALSE;
		}
	return TRUE;
}

/* Links; what is refused is not an error. */
static gboolean link_units(struct renewal *renewal, const GPtrArray *candidates, GError **error)
{
	g_autofree char *directory = g_build_filename(renewal->directory, "link", NULL);
	g_autoptr(GPtrArray) refusals =
		g_ptr_array_new_with_free_func((GDestroyNotify)link_refusal_free);
	g_autoptr(GArray) units = candidates_to_link(candidates, NULL);
	const struct link_options options = {
		.name = renewal->name,
		.policy = KLATCH_REBIND,
		.replace = TRUE,
		.refusals = refusals,
	};
	g_autoptr(GError) problem = NULL;

	if (!files_make_directory(directory, error))
		return FALSE;
	if (!units->len)
		return TRUE;
	if (link_livepatch(renewal->kernel, &options, (struct link_unit *)units->data, units->len,
			   directory, renewal->made, &problem))
		return TRUE;
	for (guint i = 0; i < refusals->len; i++)
		refuse_link(renewal, g_ptr_array_index(refusals, i));
	if (refusals->len || (g_error_matches(problem, KLATCH_ERROR, KLATCH_REFUSED) &&
			      refuse_whole(renewal, problem)))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&problem));
	return FALSE;
}

/* The last judge: the livepatch itself. */
static gboolean judge_link(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;
	guint before = selection->chosen->len;
	g_autoptr(GPtrArray) candidates = NULL;

	begin_stage(renewal, "read");
	candidates = read_units(renewal, error);
	if (!candidates)
		return FALSE;
	begin_stage(renewal, "link");
	if (g_unlink(renewal->made) && g_file_test(renewal->made, G_FILE_TEST_EXISTS))
		return FALSE;
	if (!link_units(renewal, candidates, error))
		return FALSE;
	g_clear_pointer(&candidates, g_ptr_array_unref);
	if (selection->chosen->len < before || !g_file_test(renewal->made, G_FILE_TEST_EXISTS))
		return TRUE;
	return check(renewal, error);
}

/* ---- what is asked for ---- */

static void ask(struct renewal *renewal)
{
	const GPtrArray *all = renewal->result->changes->all;

	for (guint i = 0; i < all->len; i++) {
		const struct change *change = g_ptr_array_index(all, i);
		const struct changed_file *first = g_ptr_array_index(change->files, 0);
		g_autoptr(GError) refusal = NULL;

		if (!is_asked(renewal, change))
			continue;
		selection_ask(renewal->selection, change);
		if (!change->obstacle)
			continue;
		klatch_fail(&refusal, KLATCH_REFUSED, "the change can't be made live", first->path,
			    "reboot into the new kernel", "%s", change->obstacle);
		refuse(renewal, change, refusal);
	}
	tell(renewal, "%u changes, %u of them asked for and possible", all->len,
	     renewal->selection->chosen->len);
}

/* ---- the two sources ---- */

/* A launcher that keeps what it compiled makes a run that was interrupted go on where it was. */
static void use_ccache(const struct renewal *renewal)
{
	g_autofree char *program = g_find_program_in_path("ccache");
	g_autofree char *kept = g_build_filename(renewal->directory, "ccache", NULL);

	if (!program || g_getenv("KLATCH_CC_LAUNCHER"))
		return;
	g_setenv("KLATCH_CC_LAUNCHER", program, TRUE);
	g_setenv("CCACHE_DIR", kept, TRUE);
	g_setenv("CCACHE_MAXSIZE", "8G", TRUE);
	/* What is new is compiled without being preprocessed first: -MMD says what was read. */
	g_setenv("CCACHE_DEPEND", "1", TRUE);
	/* The overlay's files are made anew in each round; what they hold is what counts. */
	g_setenv("CCACHE_SLOPPINESS", "include_file_mtime,include_file_ctime", TRUE);
}

static gboolean open_kernel(struct renewal *renewal, GError **error)
{
	renewal->kernel = kernel_open(renewal->request->release, error);
	if (!renewal->kernel || !runtime_renew(renewal->kernel, error))
		return FALSE;
	renewal->commands = commands_open(renewal->kernel, error);
	if (!renewal->commands)
		return FALSE;
	renewal->built = built_of_kernel(renewal->kernel, renewal->commands, error);
	return renewal->built != NULL;
}

/* A tree that is there: it has a name, and no changelog. */
static gboolean open_tree(struct renewal *renewal, GError **error)
{
	const char *source = renewal->request->source;

	if (!g_file_test(source, G_FILE_TEST_IS_DIR)) {
		klatch_fail(error, KLATCH_USAGE, "there is no such source", source, NULL,
			    "it is no directory");
		return FALSE;
	}
	renewal->source = g_canonicalize_filename(source, NULL);
	renewal->result->to = g_path_get_basename(renewal->source);
	return TRUE;
}

static gboolean open_package(struct renewal *renewal, GError **error)
{
	struct renewal_result *result = renewal->result;
	g_autofree char *cache = kernel_cache();

	result->to = g_strdup(renewal->request->to);
	renewal->package =
		packages_source(renewal->kernel->series, &result->to, renewal->progress, error);
	if (!renewal->package)
		return FALSE;
	renewal->source = g_build_filename(cache, "sources", result->to, NULL);
	return tree_unpack(renewal->package, renewal->source, renewal->progress, error);
}

static gboolean open_source(struct renewal *renewal, GError **error)
{
	renewal->result->kernel = g_strdup(renewal->kernel->name);
	renewal->result->from = g_strdup(renewal->kernel->version);
	return renewal->request->source ? open_tree(renewal, error) : open_package(renewal, error);
}

/* Says of each change what it is in the changelog's words. */
static gboolean read_changelog(struct renewal *renewal, GError **error)
{
	struct renewal_result *result = renewal->result;

	if (!renewal->package)
		return TRUE;
	result->changelog = changelog_of_package(renewal->package, result->from, result->to, error);
	if (!result->changelog)
		return FALSE;
	g_ptr_array_unref(result->unclaimed);
	result->unclaimed = assign_entries(result->changes, result->changelog, error);
	return result->unclaimed != NULL;
}

static gboolean find_changes(struct renewal *renewal, GError **error)
{
	struct renewal_result *result = renewal->result;

	begin_stage(renewal, "split");
	result->changes = changes_between(renewal->kernel->source, renewal->source, renewal->built,
					  renewal->progress, error);
	if (!result->changes || !read_changelog(renewal, error))
		return FALSE;
	result->selection = renewal->selection = selection_new(result->changes);
	return TRUE;
}

/* ---- the result ---- */

/* The functions of a unit that a change is about; *any: whether there is one by name. */
static void add_functions(const struct reached *reached, const struct change *change,
			  gboolean by_name, GPtrArray *functions)
{
	for (guint i = 0; i < reached->objects->len; i++) {
		const struct changed_object *object = g_ptr_array_index(reached->objects, i);

		for (guint j = 0; j < object->functions->len; j++) {
			const struct changed_function *function =
				g_ptr_array_index(object->functions, j);

			if (!by_name || attribute_names(change, function->name))
				g_ptr_array_add(functions, g_strdup_printf("%s: %s", object->name,
									   function->name));
		}
	}
}

/* The functions that replace others for a change: those it names, and where it names none (it is in
 * an inline function, say) all of the unit. */
static GPtrArray *functions_of(const struct renewal *renewal, const struct change *change)
{
	GPtrArray *functions = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < renewal->reached->len; i++) {
		const struct reached *reached = g_ptr_array_index(renewal->reached, i);
		g_autoptr(GPtrArray) leading = NULL;
		guint before = functions->len;

		if (!reached->objects || !reached->brings)
			continue;
		leading = leading_changes(renewal, reached);
		if (!g_ptr_array_find(leading, change, NULL))
			continue;
		add_functions(reached, change, leading->len > 1, functions);
		if (functions->len == before)
			add_functions(reached, change, FALSE, functions);
	}
	return functions;
}

static void outcome_free(struct change_outcome *outcome)
{
	g_ptr_array_unref(outcome->functions);
	g_free(outcome);
}

static void add_outcome(struct renewal *renewal, const struct change *change)
{
	struct change_outcome *outcome = g_new0(struct change_outcome, 1);

	outcome->change = change;
	outcome->refusal = selection_refusal(renewal->selection, change);
	outcome->functions = selection_has(renewal->selection, change)
				     ? functions_of(renewal, change)
				     : g_ptr_array_new_with_free_func(g_free);
	if (outcome->refusal)
		outcome->status = CHANGE_REFUSED;
	else if (!selection_asked(renewal->selection, change))
		outcome->status = CHANGE_NOT_ASKED;
	else
		outcome->status = outcome->functions->len ? CHANGE_LIVE : CHANGE_UNCHANGED;
	g_ptr_array_add(renewal->result->outcomes, outcome);
}

static void take_objects(struct renewal *renewal, const struct reached *reached)
{
	GPtrArray *objects = renewal->result->objects;

	for (guint i = 0; i < reached->notes->len; i++)
		g_ptr_array_add(renewal->result->notes,
				g_strdup_printf("%s: %s", reached->unit->source,
						(char *)reached->notes->pdata[i]));
	for (guint i = 0; reached->objects && i < reached->objects->len; i++)
		changed_objects_merge(objects, g_ptr_array_index(reached->objects, i));
}

static gboolean write_livepatch(struct renewal *renewal, GError **error)
{
	g_autoptr(GPtrArray) products = products_new();
	g_autofree char *file = g_strconcat(renewal->name, ".ko", NULL);
	const char *output = renewal->request->output ? renewal->request->output : file;

	if (!g_file_test(renewal->made, G_FILE_TEST_EXISTS))
		return TRUE;
	products_add(products, PRODUCT_LIVEPATCH, NULL, file, g_strdup(renewal->made));
	if (!products_write_file(products, output, error))
		return FALSE;
	renewal->result->livepatch = g_strdup(output);
	return TRUE;
}

static gboolean conclude(struct renewal *renewal, GError **error)
{
	const GPtrArray *all = renewal->result->changes->all;

	begin_stage(renewal, "write");
	for (guint i = 0; i < all->len; i++)
		add_outcome(renewal, g_ptr_array_index(all, i));
	for (guint i = 0; i < renewal->reached->len; i++)
		if (((const struct reached *)renewal->reached->pdata[i])->brings)
			take_objects(renewal, g_ptr_array_index(renewal->reached, i));
	gboolean good = write_livepatch(renewal, error);
	begin_stage(renewal, NULL);
	return good;
}

/* ---- all of it ---- */

static selection_judge *const judges[] = {judge_files, judge_samples, judge_all, judge_shipped,
					  judge_link};

/* "klatch_6_1_192_2" of version 6.1.192-2. */
static char *name_of_version(const char *version)
{
	char *name = g_strconcat("klatch_", version, NULL);

	for (char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c))
			*c = '_';
	return name;
}

/* What a later run has no use for; ccache keeps what was compiled. */
static void clean(const struct renewal *renewal)
{
	static const char *const names[] = {"overlay", "alone", "alone-objects", "objects", "link"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(renewal->directory, names[i], NULL);

		files_remove_tree(path, NULL);
	}
}

/* With the directory locked: two runs to the same version would write the same files. */
static gboolean settle(struct renewal *renewal, GError **error)
{
	renewal->images = images_new(renewal->kernel);
	use_ccache(renewal);
	clean(renewal); /* an interrupted run left what it was at */
	if (!files_make_directory(renewal->directory, error) || !find_changes(renewal, error))
		return FALSE;
	ask(renewal);
	return selection_settle(renewal->selection, judges, G_N_ELEMENTS(judges), renewal, error) &&
	       conclude(renewal, error);
}

static gboolean run(struct renewal *renewal, GError **error)
{
	g_autofree char *cache = kernel_cache(), *place = NULL, *file = NULL, *lock_name = NULL;
	gboolean good;
	int lock;

	begin_stage(renewal, "open");
	if (!open_kernel(renewal, error) || !open_source(renewal, error))
		return FALSE;
	renewal->name = renewal->request->name ? g_strdup(renewal->request->name)
					       : name_of_version(renewal->result->to);
	place = g_strdup_printf("%s-to-%s", renewal->kernel->name, renewal->result->to);
	file = g_strconcat(renewal->name, ".ko", NULL);
	renewal->directory = g_build_filename(cache, "updates", place, NULL);
	renewal->made = g_build_filename(renewal->directory, "link", file, NULL);
	lock_name = g_strconcat("update-", place, NULL);
	lock = cache_lock(lock_name, FALSE, error);
	if (lock < 0)
		return FALSE;
	good = settle(renewal, error);
	clean(renewal);
	close(lock);
	return good;
}

static struct renewal_result *result_new(void)
{
	struct renewal_result *result = g_new0(struct renewal_result, 1);

	result->outcomes = g_ptr_array_new_with_free_func((GDestroyNotify)outcome_free);
	result->objects = changed_objects_new();
	result->unclaimed = g_ptr_array_new();
	result->notes = g_ptr_array_new_with_free_func(g_free);
	result->stages = g_array_new(FALSE, FALSE, sizeof(struct command_stage));
	return result;
}

void renewal_result_free(struct renewal_result *result)
{
	g_free(result->kernel);
	g_free(result->from);
	g_free(result->to);
	g_free(result->livepatch);
	g_ptr_array_unref(result->outcomes);
	g_ptr_array_unref(result->objects);
	g_ptr_array_unref(result->notes);
	g_clear_pointer(&result->unclaimed, g_ptr_array_unref);
	g_array_unref(result->stages);
	g_clear_pointer(&result->selection, selection_free);
	g_clear_pointer(&result->changes, changes_free);
	g_clear_pointer(&result->changelog, changelog_free);
	g_free(result);
}

struct renewal_result *renewal_make(const struct renewal_request *request,
				    struct progress *progress, GError **error)
{
	AUTO(renewal_result) result = result_new();
	struct renewal renewal = {.request = request, .result = result, .progress = progress};
	gboolean good;

	renewal.sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	renewal.reach = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					      (GDestroyNotify)touched_free);
	renewal.by_unit = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)reached_free);
	renewal.reached = g_ptr_array_new();
	good = run(&renewal, error);

	g_clear_pointer(&renewal.images, images_free);
	g_ptr_array_unref(renewal.reached);
	g_hash_table_unref(renewal.by_unit);
	g_hash_table_unref(renewal.reach);
	g_hash_table_unref(renewal.sums);
	g_clear_pointer(&renewal.overlay, overlay_free);
	g_clear_pointer(&renewal.built, built_free);
	g_clear_pointer(&renewal.commands, commands_free);
	g_clear_pointer(&renewal.kernel, kernel_free);
	g_free(renewal.name);
	g_free(renewal.directory);
	g_free(renewal.source);
	g_free(renewal.package);
	g_free(renewal.made);
	return good ? g_steal_pointer(&result) : NULL;
}
