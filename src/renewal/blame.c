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
	gboolean fails; /* a source that does not compile is a reason */
	GError *refusal;
};

static gboolean judge_trial(struct compiled *compiled, const GError *problem, gpointer data,
			    GError **error)
{
	struct trial *trial = data;
	AUTO(candidate) candidate = candidate_new(compiled);

	if (problem) {
		trial->refusal = trial->fails ? g_error_copy(problem) : NULL;
		return TRUE;
	}
	if (!candidate_diff(candidate, trial->renewal->kernel->series, trial->types,
			    &renewal_intent, error))
		return FALSE;
	if (candidate->diff->refusals->len)
		trial->refusal = g_error_copy(candidate->diff->refusals->pdata[0]);
	return TRUE;
}

/*
 * The first thing that a change alone is refused for in a unit; *refusal is NULL if there is none.
 * What compiles with the others but not alone needs one of them, which is no reason.
 */
static gboolean refused_alone(struct renewal *renewal, const struct reached *reached,
			      const struct change *change, GError **refusal, GError **error)
{
	g_autoptr(GPtrArray) units = g_ptr_array_new();
	struct trial trial = {renewal, reached->compiled->types, reached->fails, NULL};
	gboolean good;

	g_ptr_array_add(units, (gpointer)reached);
	good = renewal_compile_alone(renewal, change, units, judge_trial, &trial, error);
	*refusal = trial.refusal;
	return good;
}

static void add_refused(const struct renewal *renewal, const GPtrArray *changes, GPtrArray *refused)
{
	for (guint i = 0; changes && i < changes->len; i++)
		if (selection_refusal(renewal->selection, g_ptr_array_index(changes, i)) &&
		    !g_ptr_array_find(refused, g_ptr_array_index(changes, i), NULL))
			g_ptr_array_add(refused, g_ptr_array_index(changes, i));
}

/* The refused change that a unit, which does not compile any more, misses: one of those that led to
 * it, too, or one that defines what the compiler tells; NULL if it is not known. */
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
	const GPtrArray *found = best->len ? best : near->len == 1 ? near : far;

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

/* A change that is refused when all there is to look at was: until then each unit is looked at with
 * the changes that it was judged with. */
struct verdict {
	const struct change *change;
	GError *reason;
};

static void verdict_clear(gpointer at)
{
	struct verdict *verdict = at;

	g_clear_error(&verdict->reason);
}

static void add_verdict(GArray *verdicts, const struct renewal *renewal,
			const struct reached *reached, const struct change *change,
			const GError *refusal)
{
	struct verdict verdict = {change, reason_of(renewal, reached, refusal)};

	g_array_append_val(verdicts, verdict);
}

static GArray *verdicts_new(void)
{
	GArray *verdicts = g_array_new(FALSE, FALSE, sizeof(struct verdict));

	g_array_set_clear_func(verdicts, verdict_clear);
	return verdicts;
}

static void give_verdicts(struct renewal *renewal, const GArray *verdicts)
{
	for (guint i = 0; i < verdicts->len; i++) {
		const struct verdict *verdict = &g_array_index(verdicts, struct verdict, i);

		renewal_refuse(renewal, verdict->change, verdict->reason);
	}
}

/*
 * Nothing that is told leads to one change: each is tried alone.  If only several of them together
 * are refused, the last one leaves; the others are judged again.
 */
static gboolean refuse_by_trial(struct renewal *renewal, const struct reached *reached,
				const GPtrArray *changes, GError **error)
{
	g_autoptr(GArray) verdicts = verdicts_new();

	for (guint i = 0; i < changes->len; i++) {
		const struct change *change = g_ptr_array_index(changes, i);
		g_autoptr(GError) refusal = NULL;

		if (!refused_alone(renewal, reached, change, &refusal, error))
			return FALSE;
		if (refusal)
			add_verdict(verdicts, renewal, reached, change, refusal);
	}
	if (!verdicts->len)
		add_verdict(verdicts, renewal, reached, changes->pdata[changes->len - 1],
			    g_ptr_array_index(reached->refusals, 0));
	give_verdicts(renewal, verdicts);
	return TRUE;
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

		if (only->len == 1)
			add_verdict(verdicts, renewal, reached, g_ptr_array_index(only, 0),
				    refusal);
	}
}

/* Adds those of a header of too wide a reach: they do not lead to a unit that sees them. */
static void add_wide(const struct renewal *renewal, GPtrArray *visible, GPtrArray *changes)
{
	for (guint i = 0; i < renewal->wide->len; i++) {
		const struct change *change = g_array_index(renewal->wide, struct wide, i).change;

		if (g_ptr_array_find(visible, change, NULL) &&
		    !g_ptr_array_find(changes, change, NULL))
			g_ptr_array_add(changes, (gpointer)change);
	}
}

/* The chosen changes that one of a unit's refusals may be about; last those that have to leave
 * anyway. */
static GPtrArray *find_doubtful(const struct renewal *renewal, const struct reached *reached)
{
	g_autoptr(GPtrArray) visible = renewal_visible(renewal, reached);

	for (guint i = 0; i < reached->refusals->len; i++) {
		g_autoptr(GPtrArray) best = attribute_refusal(
			renewal->selection, visible, g_ptr_array_index(reached->refusals, i));

		if (best->len)
			return g_steal_pointer(&best);
	}
	GPtrArray *changes = renewal_leading(renewal, reached);

	add_wide(renewal, visible, changes);
	return changes;
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
	g_autoptr(GArray) verdicts = verdicts_new();
	g_autofree guint *counts = g_new0(guint, units->len);

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
