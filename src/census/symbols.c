/*
 * The symbols of an object by place, and its functions.
 *
 * A cold part is of the function of the same name.  Which one, if several units have it, nothing
 * says: the symbols that name units were stripped.  The last is taken.
 */
#include <string.h>

#include "census/inside.h"

static void clear_pending(gpointer data)
{
	struct pending *pending = data;

	g_free(pending->name);
}

struct subject *subject_new(const char *name, const char *subsystem, GHashTable *only)
{
	struct subject *subject = g_new0(struct subject, 1);

	subject->name = g_strdup(name);
	subject->subsystem = g_strdup(subsystem);
	subject->only = only;
	subject->named = g_array_new(FALSE, FALSE, sizeof(struct named));
	subject->functions = g_array_new(FALSE, FALSE, sizeof(struct census_function));
	subject->pending = g_array_new(FALSE, FALSE, sizeof(struct pending));
	g_array_set_clear_func(subject->pending, clear_pending);
	subject->exports = g_ptr_array_new_with_free_func(g_free);
	subject->unknown = g_ptr_array_new_with_free_func(g_free);
	subject->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return subject;
}

void subject_finish(struct subject *subject)
{
	g_clear_pointer(&subject->named, g_array_unref);
}

void subject_free(struct subject *subject)
{
	if (!subject)
		return;
	g_free(subject->name);
	g_free(subject->subsystem);
	subject_finish(subject);
	g_array_unref(subject->functions);
	g_array_unref(subject->pending);
	g_ptr_array_unref(subject->exports);
	g_ptr_array_unref(subject->unknown);
	g_hash_table_unref(subject->keys);
	g_free(subject);
}

static struct named *named_at(const struct subject *subject, guint index)
{
	return &g_array_index(subject->named, struct named, index);
}

static gint compare_places(gconstpointer a, gconstpointer b)
{
	const struct named *left = a, *right = b;

	if (left->section != right->section)
		return left->section < right->section ? -1 : 1;
	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	return 0;
}

/* The length of a name without ".cold" or ".cold.12", or 0 if it has no such end. */
static gsize cold_base(const char *name)
{
	const char *cold = g_strrstr(name, ".cold");

	if (!cold || (cold[5] && cold[5] != '.'))
		return 0;
	return (gsize)(cold - name);
}

static gboolean same_place(const struct named *a, const struct named *b)
{
	return a->section == b->section && a->start == b->start;
}

static struct census_function *function_of(const struct subject *subject, guint32 function)
{
	return &g_array_index(subject->functions, struct census_function, function);
}

static guint32 add_function(struct subject *subject, const struct named *named)
{
	const struct census_function function = {
		.size = (guint32)(named->end - named->start),
		.left_out = subject->only && !g_hash_table_contains(subject->only, named->name),
	};

	g_array_append_val(subject->functions, function);
	return subject->functions->len - 1;
}

/* Cold parts are left out, and get what their function has. */
static void number_functions(struct subject *subject)
{
	const struct named *before = NULL;

	for (guint i = 0; i < subject->named->len; i++) {
		struct named *named = named_at(subject, i);

		if (named->function == NO_FUNCTION || cold_base(named->name))
			continue;
		named->main = !before || !same_place(before, named);
		named->function = named->main ? add_function(subject, named) : before->function;
		if (subject->only && g_hash_table_contains(subject->only, named->name))
			function_of(subject, named->function)->left_out = FALSE;
		before = named;
	}
}

/* Functions by name; of several of one name the last. */
static GHashTable *functions_by_name(const struct subject *subject)
{
	GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < subject->named->len; i++) {
		const struct named *named = named_at(subject, i);

		if (named->function != NO_FUNCTION && !cold_base(named->name))
			g_hash_table_insert(table, (gpointer)named->name,
					    GUINT_TO_POINTER(named->function + 1));
	}
	return table;
}

static guint32 parent_of(GHashTable *table, const struct named *cold)
{
	g_autofree char *name = g_strndup(cold->name, cold_base(cold->name));
	guint found = GPOINTER_TO_UINT(g_hash_table_lookup(table, name));

	return found ? found - 1 : NO_FUNCTION;
}

static void join_cold_parts(struct subject *subject)
{
	g_autoptr(GHashTable) table = NULL;

	for (guint i = 0; i < subject->named->len; i++) {
		struct named *named = named_at(subject, i);

		if (named->function == NO_FUNCTION || !cold_base(named->name))
			continue;
		if (!table)
			table = functions_by_name(subject);
		named->function = parent_of(table, named);
		if (named->function == NO_FUNCTION)
			named->function = add_function(subject, named);
	}
}

/* Names that several symbols at different places have. */
static void find_shared_names(struct subject *subject)
{
	g_autoptr(GHashTable) first = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) shared = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < subject->named->len; i++) {
		const struct named *named = named_at(subject, i);

		if (!g_hash_table_insert(first, (gpointer)named->name, (gpointer)named))
			g_hash_table_add(shared, (gpointer)named->name);
	}
	subject->shared_names = g_hash_table_size(shared);
	for (guint i = 0; i < subject->named->len; i++) {
		const struct named *named = named_at(subject, i);

		if (named->main && g_hash_table_contains(shared, named->name))
			function_of(subject, named->function)->marks |= 1ull << CENSUS_NAME_SHARED;
	}
}

void subject_make_functions(struct subject *subject)
{
	g_array_sort(subject->named, compare_places);
	number_functions(subject);
	join_cold_parts(subject);
	find_shared_names(subject);
}

/* The first of those that begin at or before a place, at the last such place. */
static guint last_before(const struct subject *subject, guint section, guint64 offset)
{
	const struct named wanted = {.section = section, .start = offset};
	guint low = 0, high = subject->named->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (compare_places(named_at(subject, middle), &wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of several that begin there the first. */
const struct named *subject_named_at(const struct subject *subject, guint section, guint64 offset)
{
	const struct named *found = NULL;

	for (guint i = last_before(subject, section, offset); i-- > 0;) {
		const struct named *named = named_at(subject, i);

		if (named->section != section || (found && !same_place(named, found)))
			break;
		if (offset < named->end)
			found = named;
		else if (!found)
			break;
	}
	return found;
}

guint32 subject_function_at(const struct subject *subject, guint section, guint64 offset)
{
	for (guint i = last_before(subject, section, offset); i-- > 0;) {
		const struct named *named = named_at(subject, i);

		if (named->section != section)
			break;
		if (named->function != NO_FUNCTION && named->end > named->start)
			return offset < named->end ? named->function : NO_FUNCTION;
	}
	return NO_FUNCTION;
}

gboolean subject_counts(const struct subject *subject, guint32 function)
{
	if (function == NO_FUNCTION)
		return !subject->only;
	return !function_of(subject, function)->left_out;
}

void subject_mark(struct subject *subject, guint32 function, enum census_mark mark)
{
	if (!subject_counts(subject, function))
		return;
	subject->entries[mark]++;
	if (function != NO_FUNCTION)
		function_of(subject, function)->marks |= 1ull << mark;
}
