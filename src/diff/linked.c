/*
 * What is for the object as a whole: BTF ids, exports, module information.  A livepatch has none of
 * it, and no function changes with it; so it is compared by itself, and refused or noted.
 */
#include <string.h>

#include "diff/comparison.h"
#include "diff/names.h"

static gint compare_lines(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts lines (of char *) and makes them one text.  Caller frees. */
static char *sorted_text(GPtrArray *lines)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_ptr_array_sort(lines, compare_lines);
	for (guint i = 0; i < lines->len; i++)
		g_string_append_printf(text, "%s\n", (char *)g_ptr_array_index(lines, i));
	return g_strdup(text->str);
}

/* ---- BTF ids ---- */

/* What is in .BTF_ids: the lists, of each id what it is of, and their flags.  Caller frees. */
static char *describe_btf_ids(const struct side *side)
{
	const struct section *section = object_section(side->object, ".BTF_ids");
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; section && i < side->count; i++) {
		const struct symbol *symbol = side->entities[i].symbol;
		g_autofree char *stem = name_stem(symbol->name);

		if (symbol->section == section && symbol->type != STT_SECTION)
			g_ptr_array_add(lines,
					g_strdup_printf("%08" G_GINT64_MODIFIER "x %s",
							symbol->value, stem ? stem : symbol->name));
	}
	if (section && section->data)
		g_ptr_array_add(lines, g_base64_encode(section->data, section->size));
	return sorted_text(lines);
}

static void compare_btf_ids(struct comparison *comparison)
{
	g_autofree char *original = describe_btf_ids(comparison->original);
	g_autofree char *patched = describe_btf_ids(comparison->patched);

	if (strcmp(original, patched) != 0)
		refuse(comparison, NULL, "section .BTF_ids changed", NULL,
		       "the ids that it lists are looked up when the whole object is linked");
}

/* ---- exports ---- */

/* The names that a side exports: by a section each, or since 6.4 by a symbol each. */
static GHashTable *exports_of(const struct side *side)
{
	static const char prefix[] = "__export_symbol_";
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < side->section_count; i++) {
		const struct section *section = object_section_at(side->object, i);
		char *plus = strchr(section->name, '+');

		if (plus && g_str_has_prefix(section->name, "___ksymtab"))
			g_hash_table_add(names, plus + 1);
	}
	for (guint i = 0; i < side->count; i++) {
		char *name = side->entities[i].symbol->name;

		if (g_str_has_prefix(name, prefix))
			g_hash_table_add(names, name + strlen(prefix));
	}
	return names;
}

/* Notes, by name, what one side has and the other has not. */
static void note_missing(struct comparison *comparison, GHashTable *names, GHashTable *others,
			 const char *text)
{
	g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(names), (GCompareFunc)strcmp);

	for (GList *at = sorted; at; at = at->next)
		if (!g_hash_table_contains(others, at->data))
			note(comparison, "%s %s", (char *)at->data, text);
}

static void compare_exports(struct comparison *comparison)
{
	g_autoptr(GHashTable) original = exports_of(comparison->original);
	g_autoptr(GHashTable) patched = exports_of(comparison->patched);

	note_missing(comparison, patched, original,
		     "is exported by the patch, but not by the livepatch");
	note_missing(comparison, original, patched, "is not exported any more, but stays so");
}

/* ---- module information ---- */

/* What modinfo(8) would show.  Caller frees. */
static char *describe_module(const struct side *side)
{
	const struct section *section = object_section(side->object, ".modinfo");
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	gsize at = 0;

	while (section && section->data && at < section->size) {
		const char *text = (const char *)section->data + at;
		gsize length = strnlen(text, section->size - at);

		if (length)
			g_ptr_array_add(lines, g_strndup(text, length));
		at += length + 1;
	}
	return sorted_text(lines);
}

static void compare_module(struct comparison *comparison)
{
	g_autofree char *original = describe_module(comparison->original);
	g_autofree char *patched = describe_module(comparison->patched);

	if (strcmp(original, patched) != 0)
		note(comparison, "what the module says of itself (.modinfo) changes: the file on "
				 "disk goes on saying the old");
}

void compare_linked(struct comparison *comparison)
{
	compare_btf_ids(comparison);
	compare_exports(comparison);
	compare_module(comparison);
}
