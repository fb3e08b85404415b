/*
 * Which kernel the livepatch is for, and what it takes from vmlinux as any module does: by exports,
 * their versions and their namespaces (kernel/module/main.c and version.c, check_version,
 * verify_namespace_is_imported).
 */
#include <string.h>

#include "check/inside.h"
#include "kernel/modules.h"

void check_version_magic(struct check *check)
{
	const char *expected = image_text(check_image(check, "vmlinux"), "vermagic");
	g_autofree char *magic = modules_info(check->livepatch, "vermagic");
	g_autofree char *livepatch = modules_info(check->livepatch, "livepatch");

	if (!expected)
		check_refuse(check, check->kernel->vmlinux, "the image has no version magic");
	else if (g_strcmp0(magic, expected))
		check_refuse(check, NULL, "its version magic is \"%s\", the kernel's is \"%s\"",
			     magic ? magic : "", expected);
	if (g_strcmp0(livepatch, "Y"))
		check_refuse(check, NULL, "it is not marked as a livepatch (livepatch=Y)");
}

/* struct modversion_info on 64-bit kernels. */
struct version {
	guint64 crc;
	char name[64 - sizeof(guint64)];
};

/* Name -> CRC, from the livepatch's own table. */
static GHashTable *read_versions(const struct object *livepatch)
{
	const struct section *section = object_section(livepatch, "__versions");
	GHashTable *versions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct version version;

	if (!section || !section->data)
		return versions;
	for (gsize at = 0; at + sizeof(version) <= section->size; at += sizeof(version)) {
		memcpy(&version, section->data + at, sizeof(version));
		g_hash_table_insert(versions, g_strndup(version.name, sizeof(version.name)),
				    GUINT_TO_POINTER((guint)version.crc));
	}
	return versions;
}

static void check_version(struct check *check, GHashTable *versions, const struct export *export)
{
	gpointer crc;

	if (!g_hash_table_lookup_extended(versions, export->name, NULL, &crc))
		check_refuse(check, export->name, "it states no version of this symbol");
	else if (GPOINTER_TO_UINT(crc) != export->crc)
		check_refuse(check, export->name,
			     "it was built for version 0x%08x, the kernel exports 0x%08x",
			     GPOINTER_TO_UINT(crc), export->crc);
}

/* Whether .modinfo has "import_ns=NAME". */
static gboolean imports_namespace(const struct object *livepatch, const char *name)
{
	const struct section *section = object_section(livepatch, ".modinfo");
	g_autofree char *entry = g_strconcat("import_ns=", name, NULL);
	gsize length;

	for (gsize at = 0; section && section->data && at < section->size; at += length + 1) {
		const char *text = (const char *)section->data + at;

		length = strnlen(text, section->size - at);
		if (length == strlen(entry) && !strncmp(text, entry, length))
			return TRUE;
	}
	return FALSE;
}

static void check_import(struct check *check, GHashTable *versions, gboolean versioned,
			 const char *name)
{
	const struct export *export = exports_find(check->exports, name);

	if (!export || strcmp(export->object, "vmlinux")) {
		check_refuse(check, name, "%s",
			     export ? "a module exports it: that would pin the module"
				    : "nothing exports it");
		return;
	}
	if (versioned)
		check_version(check, versions, export);
	if (*export->name_space && !imports_namespace(check->livepatch, export->name_space))
		check_refuse(check, name, "it is in namespace %s, which is not imported",
			     export->name_space);
}

/*
 * A kernel with module versions exports module_layout for no other purpose than to have a version,
 * and expects every module to state it.
 */
#define LAYOUT "module_layout"

void check_imports(struct check *check)
{
	const GPtrArray *symbols = check->livepatch->symbols;
	const struct export *layout = exports_find(check->exports, LAYOUT);
	g_autoptr(GHashTable) versions = read_versions(check->livepatch);

	if (layout)
		check_version(check, versions, layout);
	for (guint i = 0; i < symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(check->livepatch, i);

		if (!symbol->section && symbol->special == SHN_UNDEF && *symbol->name)
			check_import(check, versions, layout != NULL, symbol->name);
	}
}

static gboolean has_note(const struct image *image, const struct table_object *object)
{
	guint64 address, size, available = 0;
	const guint8 *note = NULL;

	if (image_section(image, ".note.gnu.build-id", &address, &size))
		note = image_bytes(image, address, &available);
	return note && size <= available && size == object->note_size &&
	       !memcmp(note, object->note, size);
}

/* What the kernel side goes by when a target comes. */
void check_identity(struct check *check)
{
	const char *banner = image_text(check_image(check, "vmlinux"), "linux_banner");

	if (!banner || !strstr(banner, check->tables->kernel))
		check_refuse(check, NULL, "it is made for '%s'", check->tables->kernel);
	for (guint i = 0; i < check->tables->objects->len; i++) {
		const struct table_object *object = check->tables->objects->pdata[i];
		gboolean is_vmlinux = !strcmp(object->name, "vmlinux");
		const struct image *image = is_vmlinux ? NULL : check_image(check, object->name);

		if (image && !has_note(image, object))
			check_refuse(check, object->name,
				     "its build ID is not that of the module it is made for");
	}
}
