/*
 * What the livepatch takes by name, as kernel/livepatch/core.c finds it: klp symbols, by the
 * relocation sections that name them, and the functions to replace.
 */
#include <string.h>

#include "check/inside.h"

#define SYMBOL_PREFIX  ".klp.sym."
#define SECTION_PREFIX ".klp.rela."

/* The module name's length is bounded by the kernel's own parser. */
#define OBJECT_LENGTH 55

/* What is before the first of two characters that end an object's name: the length, 0 if none. */
static gsize object_length(const char *text)
{
	const char *end = strchr(text, '.');
	gsize length = end ? (gsize)(end - text) : 0;

	return length <= OBJECT_LENGTH ? length : 0;
}

gboolean klp_symbol_parse(const char *symbol, char **object, char **name, guint64 *sympos)
{
	const char *rest = symbol + strlen(SYMBOL_PREFIX);

	if (!g_str_has_prefix(symbol, SYMBOL_PREFIX))
		return FALSE;

	gsize length = object_length(rest);
	const char *inner = rest + length + 1;
	const char *comma = length ? strchr(inner, ',') : NULL;
	if (!comma || comma == inner ||
	    !g_ascii_string_to_unsigned(comma + 1, 10, 0, G_MAXUINT64, sympos, NULL))
		return FALSE;
	*object = g_strndup(rest, length);
	*name = g_strndup(inner, comma - inner);
	return TRUE;
}

/*
 * A name must lead to one symbol, and to the same one while its module is COMING and when it is
 * LIVE; policy kernel does not mind what it is then.
 */
static void check_name(struct check *check, const char *object, const char *name, guint64 sympos)
{
	const struct image *image = check_image(check, object);
	gboolean known = FALSE;
	gsize count;

	if (!image)
		return;

	const guint64 *addresses = image_addresses(image, name, &count);
	for (gsize i = 0; i < count; i++) {
		guint coming, live;

		if (!image_sympos(image, name, addresses[i], &coming, &live))
			continue;
		if (sympos_is(sympos, coming) &&
		    (sympos_is(sympos, live) || check->tables->policy == KLATCH_KERNEL))
			return;
		known = TRUE;
	}
	if (known)
		check_refuse(
			check, name,
			"%s has symbols of that name, but not one at position %" G_GUINT64_FORMAT
			" both while it loads and afterwards",
			object, sympos);
	else
		check_refuse(check, name, "%s has no symbol of that name", object);
}

void check_klp_symbols(struct check *check)
{
	const GPtrArray *symbols = check->livepatch->symbols;

	for (guint i = 0; i < symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(check->livepatch, i);
		g_autofree char *object = NULL, *name = NULL;
		guint64 sympos;

		if (!symbol_is_klp(symbol))
			continue;
		if (klp_symbol_parse(symbol->name, &object, &name, &sympos))
			check_name(check, object, name, sympos);
		else
			check_refuse(check, symbol->name, "it is not of the form %sOBJECT.NAME,N",
				     SYMBOL_PREFIX);
	}
}

/* The kernel takes a replacement's size from the symbol at its address. */
static gboolean is_function(const struct object *livepatch, const struct place *place)
{
	for (guint i = 0; i < livepatch->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(livepatch, i);

		if (symbol->section == place->section && symbol->value == place->offset &&
		    symbol->type == STT_FUNC && symbol->size && section_is_text(place->section))
			return TRUE;
	}
	return FALSE;
}

void check_functions(struct check *check)
{
	for (guint i = 0; i < check->tables->objects->len; i++) {
		const struct table_object *object = check->tables->objects->pdata[i];

		for (guint j = 0; j < object->functions->len; j++) {
			const struct table_function *function =
				&g_array_index(object->functions, struct table_function, j);

			check_name(check, object->name, function->name, function->sympos);
			if (!is_function(check->livepatch, &function->replacement))
				check_refuse(check, function->name,
					     "its replacement is not the beginning of a function");
		}
	}
}

void check_callbacks(struct check *check)
{
	for (guint i = 0; i < check->tables->objects->len; i++) {
		const struct table_object *object = check->tables->objects->pdata[i];

		for (guint j = 0; j < object->callbacks->len; j++) {
			const struct place *place =
				&g_array_index(object->callbacks, struct place, j);

			if (!is_function(check->livepatch, place) ||
			    g_str_has_prefix(place->section->name, ".init."))
				check_refuse_at(check, place->section, place->offset,
						"a callback of %s leads there", object->name);
		}
	}
}

/* The object that a klp section is for ("" if its name is malformed).  Caller frees. */
char *klp_section_object(const struct section *section)
{
	const char *rest = section->name + strlen(SECTION_PREFIX);

	if (!g_str_has_prefix(section->name, SECTION_PREFIX))
		return g_strdup("");
	return g_strndup(rest, object_length(rest));
}

/*
 * Symbols of vmlinux are resolved when the livepatch is loaded, and written then by the kernel;
 * those of a module when that comes, and then the kernel must not write, because it never clears,
 * unless the livepatch's policy has it so.
 */
static void check_klp_reloc(struct check *check, const struct section *section, gboolean is_vmlinux,
			    const struct reloc *reloc)
{
	g_autofree char *owner = NULL, *name = NULL;
	guint64 sympos;

	if (!symbol_is_klp(reloc->symbol) ||
	    !klp_symbol_parse(reloc->symbol->name, &owner, &name, &sympos))
		check_refuse_at(check, section, reloc->offset, "it names no livepatch symbol");
	else if (is_vmlinux != !strcmp(owner, "vmlinux"))
		check_refuse_at(check, section, reloc->offset, "%s of %s is named there", name,
				owner);
	else if (!is_vmlinux && reloc->type != R_X86_64_NONE &&
		 check->tables->policy == KLATCH_REBIND)
		check_refuse_at(check, section, reloc->offset,
				"%s would be written by the kernel (%s), and never cleared", name,
				reloc_name(reloc->type));
}

static void check_klp_section(struct check *check, const struct section *section)
{
	g_autofree char *object = klp_section_object(section);
	gboolean is_vmlinux = !strcmp(object, "vmlinux");

	if (!*object || !(section->flags & SHF_ALLOC) || !(section->relocates->flags & SHF_ALLOC)) {
		check_refuse(check, section->name,
			     "it is not one that the kernel applies (%sOBJECT.SECTION, SHF_ALLOC)",
			     SECTION_PREFIX);
		return;
	}
	for (guint i = 0; i < section->relocs->len; i++)
		check_klp_reloc(check, section, is_vmlinux, section_reloc(section, i));
}

void check_klp_sections(struct check *check)
{
	for (guint i = 0; i < check->livepatch->sections->len; i++) {
		const struct section *section = object_section_at(check->livepatch, i);

		if (section_is_klp(section))
			check_klp_section(check, section);
	}
}

/* The symbols that the kernel resolves when an object comes. */
static GHashTable *resolved_for(const struct object *livepatch, const char *object)
{
	GHashTable *symbols = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < livepatch->sections->len; i++) {
		const struct section *section = object_section_at(livepatch, i);
		g_autofree char *owner =
			section_is_klp(section) ? klp_section_object(section) : NULL;

		if (g_strcmp0(owner, object))
			continue;
		for (guint j = 0; j < section->relocs->len; j++)
			g_hash_table_add(symbols, section_reloc(section, j)->symbol);
	}
	return symbols;
}

void check_late_symbols(struct check *check)
{
	guint count = check->tables->policy == KLATCH_REBIND ? check->tables->objects->len : 0;

	for (guint i = 0; i < count; i++) {
		const struct table_object *object = check->tables->objects->pdata[i];
		g_autoptr(GHashTable) resolved = resolved_for(check->livepatch, object->name);

		for (guint j = 0; j < object->sites->len; j++) {
			const struct table_site *site =
				&g_array_index(object->sites, struct table_site, j);

			if (!symbol_is_klp(site->symbol) ||
			    !g_hash_table_contains(resolved, site->symbol))
				check_refuse_at(check, site->place.section, site->place.offset,
						"its symbol is not resolved when %s comes",
						object->name);
		}
	}
}
