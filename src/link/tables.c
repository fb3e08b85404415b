/*
 * Tables as the kernel side reads them.  The layouts are those of late/klatch.h, which is the same
 * for both sides.
 */
#include <stdalign.h>
#include <string.h>

#include "base/error.h"
#include "kernel/special.h"
#include "klatch.h"
#include "link/bind.h"
#include "link/tables.h"

#define FUNCS	  TABLES_PREFIX "funcs."
#define SITES	  TABLES_SITES
#define CALLBACKS KLATCH_CALLBACKS_SECTION "."
#define STRINGS	  ".klatch.strings"
#define NOTES	  ".klatch.notes"
#define OBJECTS	  ".klatch.objects"
#define LIVEPATCH ".klatch.livepatch"

#define KLP_RELA ".klp.rela."

/* Where the bit field with the symbol's number begins. */
#define SITE_SYMBOL (offsetof(struct klatch_site, addend) + sizeof(s32))

static struct section *table(struct object *object, const char *name, guint64 align)
{
	struct section *section = object_section(object, name);

	return section ? section
		       : object_add_section(object, name, SHT_PROGBITS, SHF_ALLOC, align, NULL, 0);
}

/* Aligned so that the tables of several units, appended to each other, have no gaps. */
static struct section *table_of(struct object *object, const char *prefix, const char *owner)
{
	guint64 align =
		strcmp(prefix, SITES) ? alignof(struct klatch_func) : alignof(struct klatch_site);
	g_autofree char *name = g_strconcat(prefix, owner, NULL);

	return table(object, name, align);
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

/* Fills in a struct klatch_func, which is empty. */
static void fill_function(struct object *object, struct section *table, guint64 at,
			  const struct location *replaced, struct section *section, guint64 offset)
{
	const struct klatch_func func = {.sympos = replaced->position};

	memcpy(table->data + at, &func, sizeof(func));
	point_at_string(object, table, at + offsetof(struct klatch_func, name), replaced->name);
	point_at(object, table, at + offsetof(struct klatch_func, replacement), section, offset);
}

void tables_add_function(struct object *object, const struct location *replaced,
			 struct section *section, guint64 offset)
{
	struct section *funcs = table_of(object, FUNCS, replaced->object);
	guint64 at = section_append(funcs, NULL, sizeof(struct klatch_func), 1);

	fill_function(object, funcs, at, replaced, section, offset);
}

static void point_at_name(struct object *object, struct section *section, guint64 field,
			  const char *name)
{
	struct symbol *symbol = object_symbol(object, name);

	if (!symbol)
		symbol = object_add_undefined(object, name);
	section_add_reloc(section, field, R_X86_64_64, symbol, 0);
}

/* Those of an object that has probes, once for each unit that has some: one does for all. */
static void add_callbacks(struct object *object, const char *owner)
{
	struct section *callbacks = table_of(object, CALLBACKS, owner);
	guint64 at = section_append(callbacks, NULL, sizeof(struct klatch_callbacks), 1);

	point_at_name(object, callbacks, at + offsetof(struct klatch_callbacks, pre_patch),
		      KLATCH_PROBE_PRE_PATCH);
	point_at_name(object, callbacks, at + offsetof(struct klatch_callbacks, post_unpatch),
		      KLATCH_PROBE_POST_UNPATCH);
}

void tables_add_probe(struct object *object, const struct location *replaced,
		      struct section *section, guint64 offset)
{
	struct section *probes = object_section(object, TABLES_PROBES);
	g_autofree char *symbol = bind_name(replaced);
	guint64 at;

	if (!probes) {
		probes = object_add_section(object, TABLES_PROBES, SHT_PROGBITS,
					    SHF_ALLOC | SHF_WRITE, alignof(struct klatch_probe),
					    NULL, 0);
		add_callbacks(object, replaced->object);
	}
	at = section_append(probes, NULL, sizeof(struct klatch_probe), 1);
	fill_function(object, probes, at + offsetof(struct klatch_probe, func), replaced, section,
		      offset);
	if (strcmp(replaced->object, "vmlinux") != 0)
		point_at_string(object, probes, at + offsetof(struct klatch_probe, object),
				replaced->object);
	point_at_name(object, probes, at + offsetof(struct klatch_probe, original), symbol);
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
		     const struct reloc *reloc, enum klatch_policy policy)
{
	struct klatch_site site = {.type = reloc->type, .addend = (s32)reloc->addend};
	guint64 at = section_append(sites, &site, sizeof(site), 1);

	section_add_reloc(sites, at + offsetof(struct klatch_site, place), R_X86_64_PC32,
			  object_section_symbol(object, section), reloc->offset);
	if (policy == KLATCH_REBIND)
		section_add_reloc(sites, at + SITE_SYMBOL, R_X86_64_NONE, reloc->symbol, 0);
}

/* The relocations of a section that the kernel applies, or only resolves, each time `owner` comes.
 */
static struct section *klp_section(struct object *object, struct section *relocates,
				   const char *owner)
{
	g_autofree char *name = g_strconcat(KLP_RELA, owner, ".", relocates->name, NULL);
	struct section *section = object_section(object, name);

	if (!section) {
		section = object_add_section(object, name, SHT_RELA, SHF_ALLOC | SHF_RELA_LIVEPATCH,
					     sizeof(void *), NULL, 0);
		section->relocates = relocates;
	}
	return section;
}

/* The bytes become zeros: neither the kernel nor the kernel side writes over anything else. */
static gboolean take_site(struct object *object, struct section *section, const struct reloc *reloc,
			  const char *owner, enum klatch_policy policy, GError **error)
{
	if (reloc->addend != (s32)reloc->addend)
		return refuse_binding(reloc->symbol->name, object->name, NULL, error,
				      "it is referred to from more than 2 GiB away");
	memset(section->data + reloc->offset, 0, reloc_size(reloc->type));
	if (policy == KLATCH_REBIND || policy == KLATCH_CLEAR)
		add_site(object, table_of(object, SITES, owner), section, reloc, policy);
	if (policy != KLATCH_REBIND)
		section_add_reloc(klp_section(object, section, owner), reloc->offset, reloc->type,
				  reloc->symbol, reloc->addend);
	return TRUE;
}

static gboolean take_sites_of(struct object *object, struct section *section, const char *owner,
			      guint series, enum klatch_policy policy, GError **error)
{
	g_autoptr(GArray) relocs = section->relocs;
	gboolean special = special_find(section->name, series) && policy != KLATCH_KERNEL;

	section->relocs = g_array_new(FALSE, FALSE, sizeof(struct reloc));
	for (guint i = 0; i < relocs->len; i++) {
		const struct reloc *reloc = &g_array_index(relocs, struct reloc, i);

		if (reloc->type == R_X86_64_NONE)
			continue;
		if (!is_late(reloc))
			g_array_append_val(section->relocs, *reloc);
		else if (special)
			return refuse_special(section, reloc, object->name, error);
		else if (!take_site(object, section, reloc, owner, policy, error))
			return FALSE;
	}
	return TRUE;
}

gboolean tables_take_sites(struct object *object, const char *owner, guint series,
			   enum klatch_policy policy, GError **error)
{
	guint count = object->sections->len;

	for (guint i = 0; i < count; i++)
		if (!take_sites_of(object, object_section_at(object, i), owner, series, policy,
				   error))
			return FALSE;
	return TRUE;
}

void tables_take_callbacks(struct object *object, const char *owner)
{
	for (guint i = 0; i < object->sections->len; i++) {
		struct section *section = object_section_at(object, i);

		if (strcmp(section->name, KLATCH_CALLBACKS_SECTION) != 0)
			continue;
		g_free(section->name);
		section->name = g_strconcat(CALLBACKS, owner, NULL);
	}
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

/* Whose table a section is, or NULL. */
static const char *owner_of(const struct section *section)
{
	static const char *const prefixes[] = {FUNCS, SITES, CALLBACKS};

	for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
		if (g_str_has_prefix(section->name, prefixes[i]))
			return section->name + strlen(prefixes[i]);
	return NULL;
}

/* The objects that have a table: vmlinux first, then modules by name. */
static GPtrArray *find_owners(const struct object *object)
{
	GPtrArray *owners = g_ptr_array_new();

	for (guint i = 0; i < object->sections->len; i++) {
		const char *name = owner_of(object_section_at(object, i));

		if (name && !g_ptr_array_find_with_equal_func(owners, name, g_str_equal, NULL))
			g_ptr_array_add(owners, (char *)name);
	}
	g_ptr_array_sort(owners, compare_owners);
	return owners;
}

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

/* The note with the build ID of a module, in a section of notes that are looked for. */
static gboolean point_at_note(struct object *object, struct section *objects, guint64 field,
			      const struct image *image, u32 *size, GError **error)
{
	struct section *notes = table(object, NOTES, 4);
	const guint8 *note = NULL;
	guint64 address, length, available = 0;

	if (image_section(image, ".note.gnu.build-id", &address, &length))
		note = image_bytes(image, address, &available);
	if (!note || length > available) {
		klatch_fail(error, KLATCH_REFUSED, "a target can't be recognised",
			    image_name(image), "build it with --build-id",
			    "the module has no build ID");
		return FALSE;
	}
	*size = length;
	point_at(object, objects, field, notes, section_append(notes, note, length, 4));
	return TRUE;
}

static gboolean add_object(struct object *object, struct section *objects, struct scope *scope,
			   const char *owner, GError **error)
{
	guint64 at = section_append(objects, NULL, sizeof(struct klatch_object), 1);
	gsize funcs = point_at_table(object, objects, at + offsetof(struct klatch_object, funcs),
				     FUNCS, owner);
	gsize sites = point_at_table(object, objects, at + offsetof(struct klatch_object, sites),
				     SITES, owner);
	gsize callbacks = point_at_table(
		object, objects, at + offsetof(struct klatch_object, callbacks), CALLBACKS, owner);
	struct klatch_object entry = {
		.nr_funcs = funcs / sizeof(struct klatch_func),
		.nr_sites = sites / sizeof(struct klatch_site),
		.nr_callbacks = callbacks / sizeof(struct klatch_callbacks),
	};

	if (strcmp(owner, "vmlinux") != 0) {
		const struct image *image = scope_image(scope, owner, error);

		if (!image ||
		    !point_at_note(object, objects, at + offsetof(struct klatch_object, note),
				   image, &entry.note_size, error))
			return FALSE;
		point_at_string(object, objects, at + offsetof(struct klatch_object, name), owner);
	}
	memcpy(objects->data + at, &entry, sizeof(entry));
	return TRUE;
}

/* What utsname's version will be: the last part of the banner. */
static char *kernel_version(struct scope *scope, GError **error)
{
	const struct image *image = scope_image(scope, "vmlinux", error);
	const char *banner = image ? image_text(image, "linux_banner") : NULL;
	const char *version = banner ? g_strrstr(banner, ") #") : NULL;

	if (version)
		return g_strchomp(g_strdup(version + strlen(") ")));
	if (image)
		klatch_fail(error, KLATCH_REFUSED, "the kernel can't be recognised",
			    scope->kernel->vmlinux, NULL, "its banner has no version");
	return NULL;
}

/* The kernel side finds the table of probes by its ends. */
static void name_probes(struct object *object)
{
	struct section *probes = object_section(object, TABLES_PROBES);

	if (!probes)
		return;
	object_add_symbol(object, KLATCH_PROBES, probes, 0, 0, STT_OBJECT, STB_GLOBAL);
	object_add_symbol(object, KLATCH_PROBES_END, probes, probes->size, 0, STT_OBJECT,
			  STB_GLOBAL);
}

gboolean tables_add_livepatch(struct object *object, struct scope *scope,
			      const struct link_options *options, gboolean stays, GError **error)
{
	g_autoptr(GPtrArray) owners = find_owners(object);
	g_autofree char *version = kernel_version(scope, error);
	struct section *objects = table(object, OBJECTS, sizeof(void *));
	struct klatch_livepatch livepatch = {
		.format = KLATCH_FORMAT,
		.nr_objects = owners->len,
		.policy = options->policy,
		.refuse_mismatch = options->refuse_mismatch,
		.replace = options->replace != 0,
		.stays = stays != 0,
		.version = options->version,
	};

	if (!version)
		return FALSE;
	for (guint i = 0; i < owners->len; i++)
		if (!add_object(object, objects, scope, g_ptr_array_index(owners, i), error))
			return FALSE;

	name_probes(object);
	struct section *section = table(object, LIVEPATCH, sizeof(void *));
	section_append(section, &livepatch, sizeof(livepatch), 1);
	point_at_string(object, section, offsetof(struct klatch_livepatch, kernel), version);
	point_at(object, section, offsetof(struct klatch_livepatch, objects), objects, 0);
	object_add_symbol(object, "klatch_livepatch", section, 0, section->size, STT_OBJECT,
			  STB_GLOBAL);
	return TRUE;
}

static void number_sites(struct object *object, struct section *sites)
{
	struct section *resolving = klp_section(object, sites, sites->name + strlen(SITES));
	g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
	g_autoptr(GArray) relocs = sites->relocs;

	sites->relocs = g_array_new(FALSE, FALSE, sizeof(struct reloc));
	for (guint i = 0; i < relocs->len; i++) {
		const struct reloc *reloc = &g_array_index(relocs, struct reloc, i);

		if (reloc->type != R_X86_64_NONE) {
			g_array_append_val(sites->relocs, *reloc);
			continue;
		}
		struct klatch_site *site =
			(struct klatch_site *)(sites->data + reloc->offset - SITE_SYMBOL);
		site->symbol = object_symbol_file_index(object, reloc->symbol);
		if (g_hash_table_add(known, reloc->symbol))
			g_array_append_val(resolving->relocs, *reloc);
	}
}

void tables_number_sites(struct object *object, enum klatch_policy policy)
{
	guint count = object->sections->len;

	for (guint i = 0; i < count; i++) {
		struct section *section = object_section_at(object, i);

		if (g_str_has_prefix(section->name, SITES) && policy == KLATCH_REBIND)
			number_sites(object, section);
	}
}
