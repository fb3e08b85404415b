/*
 * Names of data that is to be skipped, matched with the data that changed.
 */
#include "build/intent.h"

#include <string.h>

#include "base/error.h"
#include "diff/diff.h"

/* The symbol that a name may mean in a source, or NULL. */
static const char *symbol_in(const char *name, const char *source)
{
	const char *colon = strrchr(name, ':');
	gsize length = strlen(source);

	if (!colon)
		return name;
	return (gsize)(colon - name) == length && !strncmp(name, source, length) ? colon + 1 : NULL;
}

char **intent_symbols(const char *const *names, const char *source)
{
	g_autoptr(GStrvBuilder) symbols = g_strv_builder_new();

	for (; names && *names; names++) {
		const char *symbol = symbol_in(*names, source);

		if (symbol)
			g_strv_builder_add(symbols, symbol);
	}
	return g_strv_builder_end(symbols);
}

static gboolean means(const char *name, const char *data)
{
	const char *symbol = strrchr(data, ':') + 1;
	g_autofree char *source = g_strndup(data, symbol - 1 - data);
	const char *wanted = symbol_in(name, source);

	return wanted && diff_data_is(symbol, wanted);
}

/* What a name means, each once, separated by commas; all of the data if name is NULL. */
static char *list(const GPtrArray *data, const char *name, guint *count)
{
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < data->len; i++) {
		char *one = g_ptr_array_index(data, i);

		if ((!name || means(name, one)) && g_hash_table_add(known, one))
			g_string_append_printf(text, "%s%s", text->len ? ", " : "", one);
	}
	*count = g_hash_table_size(known);
	return g_strdup(text->str);
}

static gboolean check_name(const char *name, const GPtrArray *data, GError **error)
{
	guint count, all;
	g_autofree char *meant = list(data, name, &count);
	g_autofree char *candidates = list(data, NULL, &all);
	g_autofree char *hint = NULL;

	if (count == 1)
		return TRUE;
	if (count)
		hint = g_strdup_printf("say which one is meant: %s", meant);
	else if (all)
		hint = g_strdup_printf("what can be skipped is %s", candidates);
	klatch_fail(error, KLATCH_USAGE, "the data can't be skipped", name,
		    hint ? hint : "leave --skip-data out",
		    count ? "several of that name change"
			  : "it names nothing whose initialiser changes");
	return FALSE;
}

gboolean intent_check(const char *const *names, const GPtrArray *data, GError **error)
{
	for (; names && *names; names++)
		if (!check_name(*names, data, error))
			return FALSE;
	return TRUE;
}
