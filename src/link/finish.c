/*
 * What modpost would add to a module, and what marks klp symbols and relocations (kernel tree,
 * Documentation/livepatch/module-elf-format.rst; scripts/mod/modpost.c).
 */
#include <string.h>

#include "base/error.h"
#include "klatch.h"
#include "link/bind.h"
#include "link/finish.h"

#define WHAT "the livepatch can't be finished"

/* The kernel's struct modversion_info. */
struct version {
	guint64 crc;
	char name[56];
};

void finish_hide_symbols(struct object *object)
{
	for (guint i = 0; i < object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);

		if (symbol->section)
			symbol->binding = STB_LOCAL;
	}
}

/* --- module information ---------------------------------------------------------------------- */

static gboolean is_ordinary_undefined(const struct symbol *symbol)
{
	return !symbol->section && symbol->special == SHN_UNDEF && *symbol->name &&
	       !g_str_has_prefix(symbol->name, KLP_SYMBOL);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp((*(const struct export *const *)a)->name,
		      (*(const struct export *const *)b)->name);
}

/* The exports that the module uses, by name; NULL with an error if one is none of vmlinux. */
static GPtrArray *find_used(const struct object *object, const struct exports *exports,
			    GError **error)
{
	g_autoptr(GPtrArray) used = g_ptr_array_new();

	for (guint i = 0; i < object->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(object, i);
		const struct export *export = exports_find(exports, symbol->name);

		if (!is_ordinary_undefined(symbol))
			continue;
		if (!export || strcmp(export->object, "vmlinux") != 0) {
			klatch_fail(error, KLATCH_REFUSED, WHAT, NULL, NULL,
				    "it uses %s, which vmlinux does not export", symbol->name);
			return NULL;
		}
		g_ptr_array_add(used, (gpointer) export);
	}
	g_ptr_array_sort(used, compare_names);
	return g_steal_pointer(&used);
}

static gboolean add_version(struct section *versions, const struct export *export, GError **error)
{
	struct version version = {.crc = export->crc};

	if (g_strlcpy(version.name, export->name, sizeof(version.name)) >= sizeof(version.name)) {
		klatch_fail(error, KLATCH_REFUSED, WHAT, NULL, NULL,
			    "the name of %s is too long for a table of versions", export->name);
		return FALSE;
	}
	section_append(versions, &version, sizeof(version), 1);
	return TRUE;
}

static gboolean add_versions(struct object *object, const GPtrArray *used,
			     const struct exports *exports, GError **error)
{
	/* vmlinux exports this for the versions' sake: struct module itself has one. */
	const struct export *layout = exports_find(exports, "module_layout");

	if (!layout)
		return TRUE;
	struct section *versions =
		object_add_section(object, "__versions", SHT_PROGBITS, SHF_ALLOC, 32, NULL, 0);
	if (!add_version(versions, layout, error))
		return FALSE;
	for (guint i = 0; i < used->len; i++)
		if (!add_version(versions, g_ptr_array_index(used, i), error))
			return FALSE;
	return TRUE;
}

static void add_info(struct section *info, const char *key, const char *value)
{
	g_autofree char *field = g_strdup_printf("%s=%s", key, value);

	section_append(info, field, strlen(field) + 1, 1);
}

static void add_namespaces(struct section *info, const GPtrArray *used)
{
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < used->len; i++) {
		const struct export *export = g_ptr_array_index(used, i);

		if (*export->name_space && g_hash_table_add(known, (char *)export->name_space))
			add_info(info, "import_ns", export->name_space);
	}
}

/* The name stands in struct module, at a place that only the kernel's headers know. */
static gboolean write_name(struct object *object, const char *name, GError **error)
{
	static const char placeholder[] = KLATCH_MODULE_NAME;
	struct section *section = object_section(object, ".gnu.linkonce.this_module");
	guint8 *at =
		section ? memmem(section->data, section->size, placeholder, sizeof(placeholder))
			: NULL;

	if (!at) {
		klatch_fail(error, KLATCH_ENVIRONMENT, WHAT, NULL, "run klatch kernel add again",
			    "the kernel side has no struct module");
		return FALSE;
	}
	memset(at, 0, sizeof(placeholder));
	memcpy(at, name, strlen(name));
	return TRUE;
}

/* As a note words can be read from the running kernel. */
static void add_note(struct object *object, const char *section, Elf64_Word type, const char *words)
{
	const Elf64_Nhdr header = {sizeof(KLATCH_NOTE_NAME), (Elf64_Word)strlen(words) + 1, type};
	struct section *note = object_add_section(object, section, SHT_NOTE, SHF_ALLOC, 4, &header,
						  sizeof(header));

	section_append(note, KLATCH_NOTE_NAME, sizeof(KLATCH_NOTE_NAME), 4);
	section_append(note, words, strlen(words) + 1, 4);
	section_append(note, NULL, 0, 4); /* a note is a multiple of four bytes long */
}

static void add_cves(struct object *object, struct section *info, const char *const *cves)
{
	g_autofree char *all = g_strjoinv(" ", (char **)cves);

	add_note(object, KLATCH_NOTE_SECTION, KLATCH_NOTE_CVES, all);
	for (gsize i = 0; cves[i]; i++)
		add_info(info, "cve", cves[i]);
}

void finish_kept(struct object *object, const GPtrArray *kept)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	if (!kept->len)
		return;
	for (guint i = 0; i < kept->len; i++)
		g_ptr_array_add(names, kept->pdata[i]);
	g_ptr_array_add(names, NULL);
	g_autofree char *words = g_strjoinv(" ", (char **)names->pdata);
	g_autofree char *list = g_strjoinv(",", (char **)names->pdata);

	add_note(object, KLATCH_KEPT_SECTION, KLATCH_NOTE_KEPT, words);
	add_info(object_section(object, ".modinfo"), "klatch_keeps", list);
}

gboolean finish_module(struct object *object, const struct link_options *options,
		       const struct exports *exports, GError **error)
{
	struct section *info = object_section(object, ".modinfo");
	g_autoptr(GPtrArray) used = find_used(object, exports, error);

	if (!used || !write_name(object, options->name, error) ||
	    !add_versions(object, used, exports, error))
		return FALSE;
	add_info(info, "name", options->name);
	add_info(info, "depends", "");
	add_namespaces(info, used);
	if (options->version) {
		g_autofree char *version = g_strdup_printf("%u", options->version);

		add_info(info, "version", version);
	}
	if (options->cves && *options->cves)
		add_cves(object, info, options->cves);
	return TRUE;
}

/* The compiler leaves its name, behind a NUL.  Caller frees. */
static char *compiler_of(const struct object *compiled)
{
	const struct section *comment = object_section(compiled, ".comment");

	if (!comment || comment->size < 2 || *comment->data)
		return NULL;
	return g_strndup((const char *)comment->data + 1, comment->size - 1);
}

void finish_origin(struct object *object, const struct link_options *options,
		   const struct object *compiled)
{
	struct section *info = object_section(object, ".modinfo");
	g_autofree char *compiler = compiler_of(compiled);

	add_info(info, "klatch", KLATCH_VERSION);
	if (compiler)
		add_info(info, "compiler", compiler);
	for (gsize i = 0; options->sources && options->sources[i]; i++)
		add_info(info, "source", options->sources[i]);
}

/* --- livepatch ------------------------------------------------------------------------------- */

static gboolean is_vmlinux(const struct reloc *reloc)
{
	return reloc->symbol && bind_is_vmlinux(reloc->symbol->name);
}

static struct section *add_klp_section(struct object *object, struct section *relocates)
{
	g_autofree char *name = g_strconcat(".klp.rela.vmlinux.", relocates->name, NULL);
	struct section *section = object_add_section(
		object, name, SHT_RELA, SHF_ALLOC | SHF_RELA_LIVEPATCH, sizeof(void *), NULL, 0);

	section->relocates = relocates;
	return section;
}

/* Moves the relocations that the livepatch code is to apply to a section of their own. */
static void move_relocs(struct object *object, struct section *section)
{
	g_autoptr(GArray) relocs = section->relocs;
	struct section *klp = NULL;

	section->relocs = g_array_new(FALSE, FALSE, sizeof(struct reloc));
	for (guint i = 0; i < relocs->len; i++) {
		const struct reloc *reloc = &g_array_index(relocs, struct reloc, i);

		if (!is_vmlinux(reloc)) {
			g_array_append_val(section->relocs, *reloc);
			continue;
		}
		if (!klp)
			klp = add_klp_section(object, section);
		/* The kernel writes only over zeros. */
		memset(section->data + reloc->offset, 0, reloc_size(reloc->type));
		g_array_append_val(klp->relocs, *reloc);
	}
}

void finish_livepatch(struct object *object)
{
	guint count = object->sections->len;

	for (guint i = 0; i < object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);

		if (!symbol->section && g_str_has_prefix(symbol->name, KLP_SYMBOL))
			symbol->special = SHN_LIVEPATCH;
	}
	for (guint i = 0; i < count; i++)
		move_relocs(object, object_section_at(object, i));
}
