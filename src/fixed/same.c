/*
 * Two builds of a module: equal in what the kernel takes in?
 *
 * Left out is what the kernel does not take in, and what follows from debug information, which is
 * not built here: the build ID, and the order of the symbol table, by which modpost orders the
 * versions.
 */
#include <string.h>

#include "base/error.h"
#include "fixed/inside.h"

/* struct modversion_info of x86-64 (include/linux/module.h) */
#define VERSION_SIZE 64

static gboolean differ(const struct object *shipped, const char *where, const char *why,
		       GError **error)
{
	klatch_fail(error, KLATCH_REFUSED, "the fixed module can't be trusted", where,
		    "use another policy than no-late for this patch",
		    "built without the patch, %s is not what was shipped: %s", shipped->name, why);
	return FALSE;
}

/* Where a symbol is, in words that are the same for both modules. */
static char *describe(const struct symbol *symbol)
{
	if (!symbol)
		return g_strdup("nothing");
	return g_strdup_printf("%s %s+0x%" G_GINT64_MODIFIER
			       "x type %u binding %u size %" G_GUINT64_FORMAT " special %u",
			       symbol->name, symbol->section ? symbol->section->name : "",
			       symbol->value, symbol->type, symbol->binding, symbol->size,
			       symbol->special);
}

static gboolean same_target(const struct symbol *a, const struct symbol *b)
{
	g_autofree char *first = describe(a), *second = describe(b);

	return !strcmp(first, second);
}

static gboolean same_relocs(const struct section *a, const struct section *b)
{
	if (a->relocs->len != b->relocs->len)
		return FALSE;
	for (guint i = 0; i < a->relocs->len; i++) {
		const struct reloc *first = section_reloc(a, i), *second = section_reloc(b, i);

		if (first->offset != second->offset || first->type != second->type ||
		    first->addend != second->addend || !same_target(first->symbol, second->symbol))
			return FALSE;
	}
	return TRUE;
}

static int compare_versions(const void *a, const void *b)
{
	return memcmp(a, b, VERSION_SIZE);
}

static gboolean same_data(const struct section *a, const struct section *b)
{
	if (a->size != b->size || !a->data != !b->data)
		return FALSE;
	if (!a->data)
		return TRUE;
	if (strcmp(a->name, "__versions") || a->size % VERSION_SIZE)
		return !memcmp(a->data, b->data, a->size);

	g_autofree guint8 *first = g_memdup2(a->data, a->size);
	g_autofree guint8 *second = g_memdup2(b->data, b->size);
	qsort(first, a->size / VERSION_SIZE, VERSION_SIZE, compare_versions);
	qsort(second, a->size / VERSION_SIZE, VERSION_SIZE, compare_versions);
	return !memcmp(first, second, a->size);
}

static gboolean same_section(const struct section *a, const struct section *b)
{
	return a->type == b->type && a->flags == b->flags && a->align == b->align &&
	       a->entsize == b->entsize && same_data(a, b) && same_relocs(a, b);
}

static gint compare_texts(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All symbols that name something, in an order that does not depend on the file. */
static GPtrArray *sorted_symbols(const struct object *object)
{
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < object->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(object, i);

		if (symbol->type != STT_SECTION && symbol->type != STT_FILE)
			g_ptr_array_add(texts, describe(symbol));
	}
	g_ptr_array_sort(texts, compare_texts);
	return texts;
}

static gboolean same_symbols(const struct object *module, const struct object *shipped,
			     GError **error)
{
	g_autoptr(GPtrArray) a = sorted_symbols(module), b = sorted_symbols(shipped);

	for (guint i = 0; i < MIN(a->len, b->len); i++)
		if (strcmp(a->pdata[i], b->pdata[i]))
			return differ(shipped, b->pdata[i], "the symbols differ", error);
	return a->len == b->len || differ(shipped, NULL, "it has other symbols", error);
}

/* The first section that the kernel loads of one module and that the other does not have. */
static const struct section *find_missing(const struct object *from, const struct object *in)
{
	for (guint i = 0; i < from->sections->len; i++) {
		const struct section *section = object_section_at(from, i);

		if (section->flags & SHF_ALLOC && !object_section(in, section->name))
			return section;
	}
	return NULL;
}

gboolean same_module(const struct object *module, const struct object *shipped, GError **error)
{
	const struct section *missing = find_missing(shipped, module);

	if (!missing)
		missing = find_missing(module, shipped);
	if (missing)
		return differ(shipped, missing->name, "only one has this section", error);
	for (guint i = 0; i < shipped->sections->len; i++) {
		const struct section *section = object_section_at(shipped, i);

		if (!(section->flags & SHF_ALLOC) || !strcmp(section->name, ".note.gnu.build-id"))
			continue;
		if (!same_section(object_section(module, section->name), section))
			return differ(shipped, section->name, "the sections differ", error);
	}
	return same_symbols(module, shipped, error);
}
