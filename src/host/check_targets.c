/*
 * The builds of the targets, by the note with the build ID that a livepatch carries for each: of
 * the module that is loaded, of the one that is installed and would come, and of the one in the
 * initramfs that comes first at a boot.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "elf/view.h"
#include "host/initramfs.h"
#include "host/inside.h"
#include "kernel/modules.h"

#define NOTE_SECTION ".note.gnu.build-id"

static enum target_build compare(const struct table_object *target, const void *note, gsize size)
{
	return note && size == target->note_size && !memcmp(note, target->note, size) ? BUILD_SAME
										      : BUILD_OTHER;
}

enum target_build host_loaded_build(const struct host *host, const struct table_object *target)
{
	g_autofree char *directory = g_build_filename(host->sys, "module", target->name, NULL);
	g_autoptr(GBytes) note = host_bytes(directory, "notes", NOTE_SECTION, NULL);
	gsize size;

	if (!g_file_test(directory, G_FILE_TEST_IS_DIR))
		return BUILD_MISSING;
	if (!note)
		return BUILD_OTHER;
	const void *data = g_bytes_get_data(note, &size);
	return compare(target, data, size);
}

static enum target_build note_in(const struct table_object *target, GBytes *bytes)
{
	AUTO(view) view = view_open(bytes, target->name, NULL);

	for (guint i = 1; view && i < view_section_count(view); i++) {
		const struct view_section *section = view_section(view, i);

		if (!strcmp(section->name, NOTE_SECTION))
			return compare(target, view_data(view, i), section->header->sh_size);
	}
	return BUILD_OTHER;
}

static enum target_build installed_build(const struct kernel *installed,
					 const struct table_object *target)
{
	g_autoptr(GBytes) bytes = modules_bytes(installed, target->name, NULL);

	return bytes ? note_in(target, bytes) : BUILD_MISSING;
}

/* Of the modules in the initramfs, by name. */
static void check_at_boot(struct host_check *check, GHashTable *modules,
			  const struct table_object *target)
{
	GBytes *bytes = g_hash_table_lookup(modules, target->name);

	if (bytes && note_in(target, bytes) == BUILD_OTHER)
		host_find(check, FINDING_WARNING, "a target would run unpatched after a boot",
			  target->name,
			  "update-initramfs -u, if the one that is installed is right",
			  "the module in the initramfs is another build than the livepatch is for");
}

/* What a boot loads before it has any other file system. */
void host_check_initramfs(struct host_check *check)
{
	g_autofree char *release = host_text(check->host->proc, "sys/kernel/osrelease", NULL);
	g_autofree char *name = g_strconcat("initrd.img-", release, NULL);
	g_autofree char *path = g_build_filename(check->host->boot, name, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < check->tables->objects->len; i++) {
		struct table_object *target = check->tables->objects->pdata[i];

		if (target->note)
			g_ptr_array_add(names, (gpointer)target->name);
	}
	if (!names->len || !g_file_test(path, G_FILE_TEST_EXISTS))
		return;
	g_autoptr(GBytes) file = files_map(path, &error);
	g_autoptr(GHashTable) modules = file ? initramfs_modules(file, path, names, &error) : NULL;
	for (guint i = 0; modules && i < check->tables->objects->len; i++)
		check_at_boot(check, modules, check->tables->objects->pdata[i]);
	if (!modules)
		findings_add(check->findings, FINDING_NOTE, g_steal_pointer(&error));
}

static void check_target(struct host_check *check, const struct kernel *installed,
			 const struct table_object *target)
{
	enum target_build loaded = host_loaded_build(check->host, target);
	enum target_build on_disk = installed_build(installed, target);

	if (loaded == BUILD_OTHER)
		host_find(check, FINDING_WARNING, "a target would run unpatched", target->name,
			  "load the module anew if the one that is installed is the right one",
			  "the module that is loaded is another build than the livepatch is for");
	if (on_disk == BUILD_OTHER)
		host_find(check, FINDING_WARNING, "a target would run unpatched once it comes",
			  target->name, "build the livepatch for the modules of this machine",
			  "the module that is installed is another build than the livepatch is "
			  "for");
	if (on_disk == BUILD_MISSING && loaded == BUILD_MISSING)
		host_find(check, FINDING_NOTE, "a target can't come", target->name, NULL,
			  "it is neither loaded nor installed");
}

void host_check_targets(struct host_check *check)
{
	g_autofree char *release = host_text(check->host->proc, "sys/kernel/osrelease", NULL);
	g_autofree char *modules =
		g_build_filename(check->host->modules, release ? release : "", NULL);
	const struct kernel installed = {.name = release, .release = release, .modules = modules};

	for (guint i = 0; i < check->tables->objects->len; i++) {
		const struct table_object *target = check->tables->objects->pdata[i];

		if (target->note)
			check_target(check, &installed, target);
	}
}
