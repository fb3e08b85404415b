/*
 * The second and fourth judge: units compiled and compared, each again only when a file that it
 * reads became another one.
 */
#include "renewal/inside.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "tree/touched.h"

/* How many units are compiled to know whether a header's types changed: one may not use them. */
#define SAMPLES 3

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

	if (!candidate_diff(candidate, renewal->kernel->series, reached->compiled->types,
			    &renewal_intent, &problem)) {
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
	reached->brings = candidate_takes_part(candidate);
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

gboolean renewal_compile(struct renewal *renewal, const GPtrArray *units, compile_done *done,
			 GError **error)
{
	g_autofree char *objects = g_build_filename(renewal->directory, "objects", NULL);

	renewal->done = 0;
	renewal->wanted = units->len;
	renewal->result->compiles += units->len;
	return compile_each(renewal->kernel, renewal->overlay, units, objects, done, renewal,
			    error);
}

gboolean renewal_compile_alone(struct renewal *renewal, const struct change *change,
			       const GPtrArray *reached, compile_done *done, gpointer data,
			       GError **error)
{
	g_autofree char *objects = g_build_filename(renewal->directory, "alone-objects", NULL);
	g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func((GDestroyNotify)compiled_free);
	AUTO(overlay) overlay = renewal_overlay_of_one(renewal, change, error);

	if (!overlay)
		return FALSE;
	for (guint i = 0; i < reached->len; i++) {
		const struct compiled *all =
			((const struct reached *)g_ptr_array_index(reached, i))->compiled;
		struct compiled *alone = compiled_new(all->unit, objects, i, all->types);

		g_free(alone->original);
		alone->original = g_strdup(all->original);
		alone->kinds = 1 << COMPILE_PATCHED;
		g_ptr_array_add(units, alone);
	}
	renewal->result->compiles += units->len;
	return compile_each(renewal->kernel, overlay, units, objects, done, data, error);
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
	renewal_tell(renewal, "round %u: %u changes, %u units to compile", renewal->result->rounds,
		     renewal->selection->chosen->len, units->len);
	renewal_begin_stage(renewal, "compile");
	if (!renewal_compile(renewal, units, judge_unit, error))
		return FALSE;
	renewal_begin_stage(renewal, "attribute");
	return renewal_refuse_units(renewal, units, error);
}

static goffset source_size(const struct renewal *renewal, const struct unit *unit)
{
	g_autofree char *path = g_build_filename(renewal->kernel->source, unit->source, NULL);
	GStatBuf status;

	return g_stat(path, &status) ? G_MAXINT64 : status.st_size;
}

struct sample {
	const struct unit *unit;
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
static gboolean is_related(const struct renewal *renewal, const GPtrArray *changes,
			   const char *other)
{
	g_autoptr(GPtrArray) others = g_ptr_array_new();

	selection_add_of_file(renewal->selection, other, others);
	for (guint i = 0; i < changes->len; i++)
		if (g_ptr_array_find(others, g_ptr_array_index(changes, i), NULL))
			return TRUE;
	return FALSE;
}

GPtrArray *renewal_samples(const struct renewal *renewal, const char *path, const GPtrArray *units)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(struct sample));
	g_autoptr(GPtrArray) changes = g_ptr_array_new();
	GPtrArray *samples = g_ptr_array_new();

	selection_add_of_file(renewal->selection, path, changes);
	for (guint i = 0; i < units->len; i++) {
		const struct unit *unit = g_ptr_array_index(units, i);
		struct sample sample = {unit, is_related(renewal, changes, unit->source),
					source_size(renewal, unit)};

		g_array_append_val(found, sample);
	}
	g_array_sort(found, by_worth);
	for (guint i = 0; i < MIN(found->len, SAMPLES); i++)
		g_ptr_array_add(samples, (gpointer)g_array_index(found, struct sample, i).unit);
	return samples;
}

/* Adds the first few units that a file leads to, as stand-ins for the others. */
static void add_samples(const struct renewal *renewal, const struct patched_file *file,
			GHashTable *samples)
{
	const struct touched *touched = g_hash_table_lookup(renewal->reach, file->path);
	g_autoptr(GPtrArray) units =
		touched ? renewal_samples(renewal, file->path, touched->units) : NULL;

	for (guint i = 0; units && i < units->len; i++)
		g_hash_table_add(samples, g_hash_table_lookup(renewal->by_unit, units->pdata[i]));
}

/* The second judge: a few units for each header whose types may have changed, before the hundreds
 * that see it are compiled. */
gboolean renewal_judge_samples(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;
	g_autoptr(GHashTable) samples = g_hash_table_new(NULL, NULL);
	g_autoptr(GPtrArray) reached = g_ptr_array_new();

	if (!renewal_renew_overlay(renewal, error))
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

/* The fourth judge: all units. */
gboolean renewal_judge_all(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;

	return judge_units(renewal, renewal->reached, error);
}
