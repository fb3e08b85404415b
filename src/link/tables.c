/*
 * Tables as the kernel side reads them.  The layouts are those of late/klatch.h, which is the same
 * for both sides.
 */
#include <string.h>

#include "base/error.h"
#include "kernel/special.h"
#include "klatch.h"
#include "link/bind.h"
#include "link/tables.h"

#define FUNCS	".klatch.funcs."
#define SITES	".klatch.sites."
#define STRINGS ".klatch.strings"
#define OBJECTS ".klatch.objects"

#define KLP_RELA ".klp.rela."

static struct section *table(struct object *object, const char *name, guint64 align)
{
	struct section *section = object_section(object, name);

	return section ? section
		       : object_add_section(object, name, SHT_PROGBITS, SHF_ALLOC, align, NULL, 0);
}

static struct section *table_of(struct object *object, const char *prefix, const char *owner)
{
	g_autofree char *name = g_strconcat(prefix, owner, NULL);

	return table(object, name, sizeof(void *));
}

static void point_at(struct object *object, struct section *section, guint64 field,
		     struct section *target, guint64 offset)
{
	section_add_reloc(section, field, R_X86_64_64, object_section_symbol(object, target),
			  offset);
}

static void point_at_string(struct object *object, struct section *section, guint64 field,
			    const char *string)
{
	struct section *strings = table(object, STRINGS, 1);

	point_at(object, section, field, strings,
		 section_append(strings, string, strlen(string) + 1, 1));
}

void tables_add_function(struct object *object, const struct location *replaced,
			 struct section *section, guint64 offset)
{
	struct section *funcs = table_of(object, FUNCS, replaced->object);
	struct klatch_func func = {.sympos = replaced->position};
	guint64 at = section_append(funcs, &func, sizeof(func), 1);

	point_at_string(object, funcs, at + offsetof(struct klatch_func, name), replaced->name);
	point_at(object, funcs, at + offsetof(struct klatch_func, replacement), section, offset);
}

static gboolean is_late(const struct reloc *reloc)
{
	return reloc->symbol && bind_is_late(reloc->symbol->name);
}

static gboolean refuse_special(const struct section *section, const struct reloc *reloc,
			       const char *object_name, GError **error)
{
	klatch_fail(error, KLATCH_REFUSED, "a reference to a module's symbol can't be bound late",
		    object_name, NULL,
		    "%s is in %s, which the kernel reads when the livepatch loads",
		    reloc->symbol->name, section->name);
	return FALSE;
}

static void add_site(struct object *object, struct section *sites, struct section *section,
		     const struct reloc *reloc)
{
	struct klatch_site site = {.type = reloc->type, .addend = reloc->addend};
	guint64 at = section_append(sites, &site, sizeof(site), 1);

	memset(section->data + reloc->offset, 0, reloc_size(reloc->type));
	point_at(object, sites, at + offsetof(struct klatch_site, place), section, reloc->offset);
	section_add_reloc(sites, at + offsetof(struct klatch_site, symbol), R_X86_64_NONE,
			  reloc->symbol, 0);
}

static gboolean take_sites_of(struct object *object, struct section *section, const char *owner,
			      guint series, GError **error)
{
	g_autoptr(GArray) relocs = section->relocs;
	const struct special *special = special_find(section->name, series);

	section->relocs = g_array_new(FALSE, FALSE, sizeof(struct reloc));
	for (guint i = 0; i < relocs->len; i++) {
		const struct reloc *reloc = &g_array_index(relocs, struct reloc, i);

		if (reloc->type == R_X86_64_NONE)
			continue;
		if (!is_late(reloc))
			g_array_append_val(section->relocs, *reloc);
		else if (special)
			return refuse_special(section, reloc, object->name, error);
		else
			add_site(object, table_of(object, SITES, owner), section, reloc);
	}
	return TRUE;
}

gboolean tables_take_sites(struct object *object, const char *owner, guint series, GError **error)
{
	guint count = object->sections->len;

	for (guint i = 0; i < count; i++)
		if (!take_sites_of(object, object_section_at(object, i), owner, series, error))
			return FALSE;
	return TRUE;
}

static int compare_owners(gconstpointer a, gconstpointer b)
{
	const char *first = *(const char *const *)a, *second = *(const char *const *)b;
	gboolean first_is_vmlinux = !strcmp(first, "vmlinux");
	gboolean second_is_vmlinux = !strcmp(second, "vmlinux");

	if (first_is_vmlinux != second_is_vmlinux)
		return second_is_vmlinux - first_is_vmlinux;
	return strcmp(first, second);
}

/* The objects that have a table: vmlinux first, then modules by name. */
static GPtrArray *find_owners(const struct object *object)
{
	GPtrArray *owners = g_ptr_array_new();

	for (guint i = 0; i < object->sections->len; i++) {
		const char *name = object_section_at(object, i)->name;

		if (!g_str_has_prefix(name, FUNCS) && !g_str_has_prefix(name, SITES))
			continue;
		name += strlen(FUNCS);
		if (!g_ptr_array_find_with_equal_func(owners, name, g_str_equal, NULL))
			g_ptr_array_add(owners, (char *)name);
	}
	g_ptr_array_sort(owners, compare_owners);
	return owners;
}
G_STATIC_ASSERT(sizeof(FUNCS) == sizeof(SITES));

/* Points a field at the table of an owner, if there is one; returns its size. */
static gsize point_at_table(struct object *object, struct section *section, guint64 field,
			    const char *prefix, const char *owner)
{
	g_autofree char *name = g_strconcat(prefix, owner, NULL);
	struct section *found = object_section(object, name);

	if (!found)
		return 0;
	point_at(object, section, field, found, 0);
	return found->size;
}

static void add_object(struct object *object, struct section *objects, const char *owner)
{
	guint64 at = section_append(objects, NULL, sizeof(struct klatch_object), 1);
	gsize funcs = point_at_table(object, objects, at + offsetof(struct klatch_object, funcs),
				     FUNCS, owner);
	gsize sites = point_at_table(object, objects, at + offsetof(struct klatch_object, sites),
				     SITES, owner);
	struct klatch_object entry = {
		.nr_funcs = funcs / sizeof(struct klatch_func),
		.nr_sites = sites / sizeof(struct klatch_site),
	};

	memcpy(objects->data + at, &entry, sizeof(entry));
	if (strcmp(owner, "vmlinux") != 0)
		point_at_string(object, objects, at + offsetof(struct klatch_object, name), owner);
}

void tables_add_objects(struct object *object)
{
	g_autoptr(GPtrArray) owners = find_owners(object);
	struct section *objects = table(object, OBJECTS, sizeof(void *));
	u32 count = owners->len;

	for (guint i = 0; i < owners->len; i++)
		add_object(object, objects, g_ptr_array_index(owners, i));
	object_add_symbol(object, "klatch_objects", objects, 0, objects->size, STT_OBJECT,
			  STB_GLOBAL);
	object_add_symbol(object, "klatch_nr_objects", objects,
			  section_append(objects, &count, sizeof(count), sizeof(count)),
			  sizeof(count), STT_OBJECT, STB_GLOBAL);
}

/* A relocation section that the kernel reads each time `owner` comes, to resolve its symbols. */
static struct section *resolving_section(struct object *object, struct section *sites,
					 const char *owner)
{
	g_autofree char *name = g_strconcat(KLP_RELA, owner, ".", sites->name, NULL);
	struct section *section = object_add_section(
		object, name, SHT_RELA, SHF_ALLOC | SHF_RELA_LIVEPATCH, sizeof(void *), NULL, 0);

	section->relocates = sites;
	return section;
}

static void number_sites(struct object *object, struct section *sites)
{
	struct section *resolving = resolving_section(object, sites, sites->name + strlen(SITES));
	g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
	g_autoptr(GArray) relocs = sites->relocs;

	sites->relocs = g_array_new(FALSE, FALSE, sizeof(struct reloc));
	for (guint i = 0; i < relocs->len; i++) {
		const struct reloc *reloc = &g_array_index(relocs, struct reloc, i);

		if (reloc->type != R_X86_64_NONE) {
			g_array_append_val(sites->relocs, *reloc);
			continue;
		}
		u32 number = object_symbol_file_index(object, reloc->symbol);
		memcpy(sites->data + reloc->offset, &number, sizeof(number));
		if (g_hash_table_add(known, reloc->symbol))
			g_array_append_val(resolving->relocs, *reloc);
	}
}

void tables_number_sites(struct object *object)
{
	guint count = object->sections->len;

	for (guint i = 0; i < count; i++) {
		struct section *section = object_section_at(object, i);

		if (g_str_has_prefix(section->name, SITES))
			number_sites(object, section);
	}
}
