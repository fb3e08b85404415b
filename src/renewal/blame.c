/*
 * Which changes a unit is refused for: by what the refusals tell, else by trying each change alone.
 */
#include "renewal/inside.h"

#include "base/error.h"
#include "renewal/attribute.h"

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
	if (!candidate_diff(candidate, trial->renewal->kernel->series, trial->types,
			    &renewal_intent, error))
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
	overlay = renewal_overlay_of_one(renewal, change, error);
	if (!overlay ||
	    !compile_each(renewal->kernel, overlay, units, objects, judge_trial, &trial, error))
		return FALSE;
	renewal->result->compiles++;
	*refusal = trial.refusal;
	return TRUE;
}

static void add_refused(const struct renewal *renewal, const GPtrArray *changes, GPtrArray *refused)
{
	for (guint i = 0; changes && i < changes->len; i++)
		if (selection_refusal(renewal->selection, g_ptr_array_index(changes, i)) &&
		    !g_ptr_array_find(refused, g_ptr_array_index(changes, i), NULL))
			g_ptr_array_add(refused, g_ptr_array_index(changes, i));
}

/* The refused change that a unit, which does not compile any more, misses: one of those that led to
 * it, too, or one that defines what the compiler tells; NULL if there is none such. */
static const struct change *missed_change(const struct renewal *renewal,
					  const struct reached *reached, const GError *refusal)
{
	g_autoptr(GPtrArray) near = g_ptr_array_new();
	g_autoptr(GPtrArray) all = g_ptr_array_new();

	for (guint i = 0; i < reached->files->len; i++)
		add_refused(renewal,
			    selection_of_file(renewal->selection, reached->files->pdata[i]), near);
	add_refused(renewal, renewal->result->changes->all, all);
	g_autoptr(GPtrArray) best = attribute_refusal(renewal->selection, near, refusal);
	g_autoptr(GPtrArray) far = attribute_refusal(renewal->selection, all, refusal);
	const GPtrArray *found = best->len ? best : near->len ? near : far;

	return found->len ? g_ptr_array_index(found, 0) : NULL;
}

/*
 * A refusal as it is told of a change: what does not compile any more since others were refused
 * needs one of them.  Caller frees.
 */
static GError *reason_of(const struct renewal *renewal, const struct reached *reached,
			 const GError *refusal)
{
	const struct change *needed =
		reached->fails ? missed_change(renewal, reached, refusal) : NULL;
	const struct klatch_reason *reason = klatch_error_reason(refusal), *other;
	GError *told = NULL;

	if (!needed)
		return g_error_copy(refusal);
	other = klatch_error_reason(selection_refusal(renewal->selection, needed));
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
			renewal_refuse(renewal, g_ptr_array_index(changes, i), refusal);
	}
	if (!found) {
		g_autoptr(GError) reason =
			reason_of(renewal, reached, g_ptr_array_index(reached->refusals, 0));

		renewal_refuse(renewal, g_ptr_array_index(changes, changes->len - 1), reason);
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
	g_autoptr(GPtrArray) visible = renewal_visible(renewal, reached);

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
	g_autoptr(GPtrArray) visible = renewal_visible(renewal, reached);

	for (guint i = 0; i < reached->refusals->len; i++) {
		g_autoptr(GPtrArray) best = attribute_refusal(
			renewal->selection, visible, g_ptr_array_index(reached->refusals, i));

		if (best->len)
			return g_steal_pointer(&best);
	}
	return renewal_leading(renewal, reached);
}

static void give_verdicts(struct renewal *renewal, const GArray *verdicts)
{
	for (guint i = 0; i < verdicts->len; i++) {
		const struct verdict *verdict = &g_array_index(verdicts, struct verdict, i);

		renewal_refuse(renewal, verdict->change, verdict->reason);
	}
}

/* Whether all changes that a unit was judged with are still chosen. */
static gboolean is_as_judged(const struct renewal *renewal, const struct reached *reached,
			     guint count)
{
	g_autoptr(GPtrArray) visible = renewal_visible(renewal, reached);

	return visible->len == count;
}

gboolean renewal_refuse_units(struct renewal *renewal, const GPtrArray *units, GError **error)
{
	g_autoptr(GArray) verdicts = g_array_new(FALSE, FALSE, sizeof(struct verdict));
	g_autofree guint *counts = g_new0(guint, units->len);

	g_array_set_clear_func(verdicts, verdict_clear);
	for (guint i = 0; i < units->len; i++) {
		const struct compiled *compiled = g_ptr_array_index(units, i);
		struct reached *reached = g_hash_table_lookup(renewal->by_unit, compiled->unit);
		g_autoptr(GPtrArray) visible = renewal_visible(renewal, reached);

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
