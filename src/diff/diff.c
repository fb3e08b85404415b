/*
 * The comparison as a whole: its passes in order.
 */
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "diff/comparison.h"
#include "diff/names.h"
#include "diff/split.h"

static void add_refusal(GPtrArray *refusals, const char *where, const char *what, const char *hint,
			const char *why, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(why, args);
	GError *error = NULL;

	klatch_fail(&error, KLATCH_REFUSED, what, where, hint, "%s", text);
	g_ptr_array_add(refusals, error);
}

static const char *source_of(const struct comparison *comparison)
{
	return comparison->patched->source ? comparison->patched->source
					   : comparison->patched->object->name;
}

static char *where_of(const struct comparison *comparison, const struct symbol *symbol)
{
	const char *source = source_of(comparison);

	return symbol ? g_strdup_printf("%s: %s", source, symbol->name) : g_strdup(source);
}

void refuse(struct comparison *comparison, const struct symbol *symbol, const char *what,
	    const char *hint, const char *why, ...)
{
	g_autofree char *where = where_of(comparison, symbol);
	va_list args;

	va_start(args, why);
	add_refusal(comparison->diff->refusals, where, what, hint, why, args);
	va_end(args);
}

void refuse_or_skip(struct comparison *comparison, gboolean skip, const struct symbol *symbol,
		    const char *what, const char *hint, const char *why, ...)
{
	struct diff *diff = comparison->diff;
	g_autofree char *where = where_of(comparison, symbol);
	va_list args;

	va_start(args, why);
	add_refusal(skip ? diff->skipped : diff->refusals, where, what, skip ? NULL : hint, why,
		    args);
	va_end(args);
}

gboolean is_skipped(const struct comparison *comparison, const struct symbol *symbol)
{
	const char *const *names = comparison->intent ? comparison->intent->skip_data : NULL;

	for (; names && *names; names++)
		if (diff_data_is(symbol->name, *names))
			return TRUE;
	return FALSE;
}

gboolean note_data(struct comparison *comparison, const struct symbol *symbol)
{
	g_ptr_array_add(comparison->diff->data, g_strdup(symbol->name));
	return is_skipped(comparison, symbol);
}

gboolean diff_data_is(const char *data, const char *name)
{
	g_autofree char *stem = name_stem(data);

	return !strcmp(name, data) || !g_strcmp0(name, stem);
}

void refuse_place(struct comparison *comparison, const char *where, const char *what,
		  const char *hint, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	add_refusal(comparison->diff->refusals, where, what, hint, why, args);
	va_end(args);
}

void note(struct comparison *comparison, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	g_ptr_array_add(comparison->diff->notes, g_strdup_vprintf(text, args));
	va_end(args);
}

static void function_free(gpointer at)
{
	struct diff_function *function = at;

	g_free(function->why);
	g_free(function);
}

static void copy_free(gpointer at)
{
	struct diff_copy *copy = at;

	g_free(copy->why);
	g_free(copy);
}

static struct diff *diff_new(void)
{
	struct diff *diff = g_new0(struct diff, 1);

	diff->functions = g_ptr_array_new_with_free_func(function_free);
	diff->copied = g_ptr_array_new_with_free_func(copy_free);
	diff->refusals = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
	diff->skipped = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
	diff->data = g_ptr_array_new_with_free_func(g_free);
	diff->notes = g_ptr_array_new_with_free_func(g_free);
	diff->sections = g_hash_table_new(NULL, NULL);
	diff->origins = g_hash_table_new(NULL, NULL);
	return diff;
}

void diff_free(struct diff *diff)
{
	if (!diff)
		return;
	g_ptr_array_unref(diff->functions);
	g_ptr_array_unref(diff->copied);
	g_ptr_array_unref(diff->refusals);
	g_ptr_array_unref(diff->skipped);
	g_ptr_array_unref(diff->data);
	g_ptr_array_unref(diff->notes);
	g_hash_table_unref(diff->sections);
	g_hash_table_unref(diff->origins);
	g_free(diff);
}

gboolean diff_is_empty(const struct diff *diff)
{
	return !diff->functions->len && !diff->refusals->len;
}

static struct diff *compare(struct side *original, struct side *patched, gboolean types,
			    const struct diff_intent *intent, GError **error)
{
	AUTO(diff) diff = diff_new();
	struct comparison comparison = {original, patched, diff, intent};

	correlate(&comparison);
	renew_tables(&comparison);
	compare_functions(&comparison);
	compare_data(&comparison);
	compare_linked(&comparison);
	promote_callers(&comparison);
	note_threads(&comparison);
	include_changes(&comparison);
	if (types && !compare_types(&comparison, error))
		return NULL;
	return g_steal_pointer(&diff);
}

struct diff *diff_objects(struct object *original, struct object *patched, guint series,
			  gboolean types, const struct diff_intent *intent, GError **error)
{
	split_object(original, series);
	split_object(patched, series);

	AUTO(side) original_side = side_new(original, series, error);
	AUTO(side) patched_side = original_side ? side_new(patched, series, error) : NULL;

	return patched_side ? compare(original_side, patched_side, types, intent, error) : NULL;
}
