/*
 * Fields of kernel structures: in an access such as `mod->state` or `patch.objs`, of a variable
 * whose declaration says its structure; in an initializer such as `.func = see_coming`.
 */
#include <string.h>

#include "compare/source.h"

struct search {
	const struct source *source;
	const struct definition *definition;
	GHashTable *fields; /* char *, owned */
};

/* The text that defines a structure here, or NULL: then it is the kernel's. */
static const char *own_structure(const struct source *source, const char *tag)
{
	g_autofree char *begin = g_strdup_printf("struct %s {", tag);

	for (guint i = 0; i < source->definitions->len; i++) {
		const struct definition *definition = source->definitions->pdata[i];

		if (g_str_has_prefix(definition->text, begin))
			return definition->text;
	}
	return NULL;
}

/* The tag in `struct TAG *name`, or NULL. */
static char *declared_tag(const char *text, const char *name)
{
	g_autofree char *pattern = g_strdup_printf("struct\\s+(\\w+)\\s+\\*?%s\\b", name);
	g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;

	return g_regex_match(regex, text, 0, &match) ? g_match_info_fetch(match, 1) : NULL;
}

/* The structure of a variable, or NULL if it is not known. */
static char *variable_tag(const struct search *search, const char *name)
{
	char *tag;

	if (!strcmp(name, "THIS_MODULE"))
		return g_strdup("module");
	tag = declared_tag(search->definition->text, name);
	g_autoptr(GPtrArray) variables = source_find(search->source, name);
	for (guint i = 0; !tag && i < variables->len; i++) {
		const struct definition *variable = variables->pdata[i];

		tag = declared_tag(variable->text, name);
	}
	return tag;
}

/* `->a[i].b` of a variable of this structure: what lies behind fields of our own is looked at. */
static void add_access(const struct search *search, const char *tag, const char *path)
{
	g_auto(GStrv) names = NULL;
	g_autofree char *current = g_strdup(tag);
	g_autoptr(GRegex) separators = g_regex_new("(?:\\[[^\\]]*\\])?(?:->|\\.)", 0, 0, NULL);
	const char *structure;
	guint i = 1;

	names = g_regex_split(separators, path, 0);
	while (current && (structure = own_structure(search->source, current)) && names[i]) {
		g_autofree char *next = declared_tag(structure, names[i++]);

		g_free(current);
		current = g_steal_pointer(&next);
	}
	if (!current || !names[i])
		return;
	g_autofree char *rest = g_strjoinv(".", names + i);
	g_hash_table_add(search->fields, g_strdup_printf("%s.%s", current, rest));
}

static void find_accesses(const struct search *search)
{
	static const char pattern[] =
		"\\b([a-zA-Z_]\\w*)((?:(?:\\[[^\\]]*\\])?(?:->|\\.)[a-zA-Z_]\\w*)+)";
	g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;

	g_regex_match(regex, search->definition->text, 0, &match);
	for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
		g_autofree char *base = g_match_info_fetch(match, 1);
		g_autofree char *path = g_match_info_fetch(match, 2);
		g_autofree char *tag = variable_tag(search, base);

		if (tag)
			add_access(search, tag, path);
	}
}

/* container_of(pointer, struct TAG, member)->field */
static void find_containers(const struct search *search)
{
	g_autoptr(GRegex) regex = g_regex_new(
		"container_of\\([^,]*,\\s*struct\\s+(\\w+),\\s*(\\w+)\\)(->\\w+)?", 0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;

	g_regex_match(regex, search->definition->text, 0, &match);
	for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
		g_autofree char *tag = g_match_info_fetch(match, 1);
		g_autofree char *name = g_match_info_fetch(match, 2);
		g_autofree char *member = g_strconcat("->", name, NULL);
		g_autofree char *path = g_match_info_fetch(match, 3);

		add_access(search, tag, member);
		if (path && *path)
			add_access(search, tag, path);
	}
}

/* `static struct TAG name = {.field = value}` */
static void find_initializers(const struct search *search)
{
	const char *text = search->definition->text, *brace = strchr(text, '{');
	g_autofree char *tag = declared_tag(text, search->definition->name);
	g_autoptr(GRegex) regex = g_regex_new("[{,\\s](\\.\\w+)\\s*=", 0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;

	if (!tag || !brace)
		return;
	g_regex_match(regex, brace, 0, &match);
	for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
		g_autofree char *path = g_match_info_fetch(match, 1);

		add_access(search, tag, path);
	}
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *source_fields(const struct source *source, const struct definition *definition)
{
	g_autoptr(GHashTable) fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const struct search search = {source, definition, fields};
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer name;

	if (own_structure(source, definition->name) == definition->text)
		return names;
	find_accesses(&search);
	find_containers(&search);
	find_initializers(&search);
	g_hash_table_iter_init(&iter, fields);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	return names;
}
