/*
 * The late references of a livepatch: those of its own tables, and those that the kernel itself
 * writes when a module comes (klp relocations of any type but R_X86_64_NONE).
 */
#include <string.h>

#include "check/check.h"
#include "check/inside.h"

static void site_free(gpointer data)
{
	struct check_site *site = data;

	g_free(site->object);
	g_free(site->section);
	g_free(site->symbol_object);
	g_free(site->symbol);
	g_free(site);
}

static void add_site(GPtrArray *sites, const char *object, const struct check_site *values,
		     const char *section, const struct symbol *symbol)
{
	struct check_site *site;
	char *symbol_object, *name;
	guint64 sympos;

	if (!symbol || !klp_symbol_parse(symbol->name, &symbol_object, &name, &sympos))
		return;
	site = g_new(struct check_site, 1);
	*site = *values;
	site->object = g_strdup(object);
	site->section = g_strdup(section);
	site->symbol_object = symbol_object;
	site->symbol = name;
	site->sympos = sympos;
	g_ptr_array_add(sites, site);
}

static void add_table(GPtrArray *sites, const struct table_object *object)
{
	for (guint i = 0; i < object->sites->len; i++) {
		const struct table_site *site = &g_array_index(object->sites, struct table_site, i);
		const struct check_site values = {
			.offset = site->place.offset,
			.type = site->type,
			.addend = site->addend,
		};

		add_site(sites, object->name, &values, site->place.section->name, site->symbol);
	}
}

/* Those of a section ".klp.rela.OBJECT.SECTION". */
static void add_klp_relocs(GPtrArray *sites, const struct section *section)
{
	g_autofree char *object = klp_section_object(section);

	if (!strcmp(object, "vmlinux"))
		return; /* written once, when the livepatch is loaded */
	for (guint i = 0; i < section->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(section, i);
		const struct check_site values = {
			.offset = reloc->offset,
			.type = reloc->type,
			.addend = reloc->addend,
		};

		if (reloc->type != R_X86_64_NONE)
			add_site(sites, object, &values, section->relocates->name, reloc->symbol);
	}
}

GPtrArray *check_sites(const char *path, GError **error)
{
	AUTO(tables) tables = NULL;
	AUTO(object) livepatch = check_read(path, &tables, error);
	GPtrArray *sites;

	if (!livepatch)
		return NULL;
	sites = g_ptr_array_new_with_free_func(site_free);
	for (guint i = 0; i < tables->objects->len; i++)
		add_table(sites, tables->objects->pdata[i]);
	for (guint i = 0; i < livepatch->sections->len; i++)
		if (section_is_klp(object_section_at(livepatch, i)))
			add_klp_relocs(sites, object_section_at(livepatch, i));
	return sites;
}
