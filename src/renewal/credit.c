/*
 * Which of the functions that are replaced a change is credited with.  The names that its hunks
 * stand at tell, or the reasons of those functions, or that no other change leads to the unit.
 *
 * A change that nowhere is certain of one, of an inline function, a macro or a type, may be
 * compiled into others, or to the same code as before: only the compiler knows.  So the units that
 * it leads to are compiled with it alone, and what differs then is the change's.  What can't be
 * told so stays in doubt, as it does not compile without others, or makes no difference and may be
 * what others need: the change is credited with what no change names.  Better one that is said to
 * be live too much than one too little.
 */
#include "renewal/inside.h"

#include "base/error.h"
#include "renewal/attribute.h"

/* What differs in a unit, which is of one object. */
static const GPtrArray *functions_of(const struct reached *reached)
{
	const struct changed_object *object = g_ptr_array_index(reached->objects, 0);

	return object->functions;
}

/* The changes that lead to a unit which is linked, if this is one of them; else NULL. */
static GPtrArray *leading_with(const struct renewal *renewal, const struct reached *reached,
			       const struct change *change)
{
	g_autoptr(GPtrArray) leading = NULL;

	if (change->idle || !reached->objects || !reached->brings)
		return NULL;
	leading = renewal_leading(renewal, reached);
	return g_ptr_array_find(leading, change, NULL) ? g_steal_pointer(&leading) : NULL;
}

/* ---- what is in doubt ---- */

static gboolean names_any(const struct change *change, const GPtrArray *functions)
{
	for (guint i = 0; i < functions->len; i++) {
		const struct changed_function *function = g_ptr_array_index(functions, i);

		if (attribute_names(change, function->name))
			return TRUE;
	}
	return FALSE;
}

/* All units that a change leads to, of those in which functions differ; none if one is certain. */
static GPtrArray *units_in_doubt(const struct renewal *renewal, const struct change *change)
{
	g_autoptr(GPtrArray) units = g_ptr_array_new();

	for (guint i = 0; i < renewal->reached->len; i++) {
		struct reached *reached = g_ptr_array_index(renewal->reached, i);
		g_autoptr(GPtrArray) leading = leading_with(renewal, reached, change);

		if (!leading || !functions_of(reached)->len)
			continue;
		if (leading->len == 1 || names_any(change, functions_of(reached)))
			return g_ptr_array_new();
		g_ptr_array_add(units, reached);
	}
	return g_steal_pointer(&units);
}

struct trial {
	struct renewal *renewal;
	const struct change *change;
};

/* The functions that differ with a change alone and are replaced, as a set; NULL if this does not
 * tell: others are, or what differs is none. */
static GHashTable *told_by(const struct reached *reached, const struct candidate *alone)
{
	g_autoptr(GPtrArray) objects = changed_objects_new();
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const GPtrArray *replaced = functions_of(reached);
	const struct changed_object *object;

	changed_objects_add(objects, alone);
	object = g_ptr_array_index(objects, 0);
	for (guint i = 0; i < object->functions->len; i++) {
		const char *name = ((struct changed_function *)object->functions->pdata[i])->name;

		for (guint j = 0; j < replaced->len; j++)
			if (!g_strcmp0(((struct changed_function *)replaced->pdata[j])->name, name))
				g_hash_table_add(names, g_strdup(name));
	}
	if (alone->diff->refusals->len ||
	    (!g_hash_table_size(names) && candidate_takes_part(alone)))
		return NULL;
	return g_steal_pointer(&names);
}

static gboolean take_alone(struct compiled *compiled, const GError *problem, gpointer data,
			   GError **error)
{
	const struct trial *trial = data;
	struct reached *reached = g_hash_table_lookup(trial->renewal->by_unit, compiled->unit);
	AUTO(candidate) candidate = candidate_new(compiled);
	g_autoptr(GError) wrong = NULL;
	GHashTable *names;

	if (problem) {
		reached->needs = TRUE;
		return TRUE;
	}
	if (!candidate_diff(candidate, trial->renewal->kernel->series, FALSE, &renewal_intent,
			    &wrong)) {
		if (g_error_matches(wrong, KLATCH_ERROR, KLATCH_INPUT))
			return TRUE;
		g_propagate_error(error, g_steal_pointer(&wrong));
		return FALSE;
	}
	names = told_by(reached, candidate);
	if (names)
		g_hash_table_insert(reached->alone, (gpointer)trial->change, names);
	return TRUE;
}

gboolean renewal_settle_credit(struct renewal *renewal, GError **error)
{
	const GPtrArray *chosen = renewal->selection->chosen;
	guint pairs = 0, tried = 0;

	renewal_begin_stage(renewal, "credit");
	for (guint i = 0; i < chosen->len; i++) {
		struct trial trial = {renewal, g_ptr_array_index(chosen, i)};
		g_autoptr(GPtrArray) units = units_in_doubt(renewal, trial.change);

		progress_report(renewal->progress, "compiling single changes",
				(double)i / chosen->len);
		if (!units->len || !g_hash_table_add(renewal->tried, (gpointer)trial.change))
			continue;
		if (!renewal_compile_alone(renewal, trial.change, units, take_alone, &trial, error))
			return FALSE;
		tried++;
		pairs += units->len;
	}
	renewal_tell(renewal, "%u changes tried alone, in %u units", tried, pairs);
	return TRUE;
}

/* ---- what is told ---- */

/* Whether a function of a unit is one that a change is about: it names it, or what it is replaced
 * for, or none of those that lead to the unit does. */
static gboolean is_about(const struct change *change, const GPtrArray *leading,
			 const struct changed_function *function)
{
	gboolean named = FALSE;

	for (guint i = 0; i < leading->len && !named; i++)
		named = attribute_names(g_ptr_array_index(leading, i), function->name);
	return !named || attribute_names(change, function->name) ||
	       attribute_tells(change, function->why);
}

/* What differed in a unit with a change alone, as a set; NULL if it is not known.  Nothing at all
 * is nothing known if another change did not compile there: that may need this one. */
static GHashTable *told_alone(const struct reached *reached, const struct change *change)
{
	GHashTable *alone = g_hash_table_lookup(reached->alone, change);

	return alone && (g_hash_table_size(alone) || !reached->needs) ? alone : NULL;
}

static void add_functions(const struct reached *reached, const struct change *change,
			  const GPtrArray *leading, GPtrArray *functions)
{
	GHashTable *alone = told_alone(reached, change);

	for (guint i = 0; i < functions_of(reached)->len; i++) {
		const struct changed_function *function =
			g_ptr_array_index(functions_of(reached), i);

		if (alone ? g_hash_table_contains(alone, function->name)
			  : is_about(change, leading, function))
			g_ptr_array_add(functions, g_strdup_printf("%s: %s", reached->unit->object,
								   function->name));
	}
}

GPtrArray *renewal_functions(const struct renewal *renewal, const struct change *change)
{
	GPtrArray *functions = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < renewal->reached->len; i++) {
		const struct reached *reached = g_ptr_array_index(renewal->reached, i);
		g_autoptr(GPtrArray) leading = leading_with(renewal, reached, change);

		if (leading)
			add_functions(reached, change, leading, functions);
	}
	return functions;
}
