/*
 * The names of /sys/module that a kernel has from the start or may get: no livepatch can be loaded
 * by one of the first, and one that takes one of the others keeps a module of the kernel out.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "check/check.h"
#include "kernel/modules.h"
#include "match/image.h"

/* struct kernel_param of x86-64 begins with a pointer to "printk.time" */
#define PARAM_SIZE 40

/* Parameters of no part are those of "kernel" (kernel/params.c, param_sysfs_builtin). */
#define NO_PART "kernel"

static gboolean is_part_of(const char *parameter, const char *name)
{
	gsize length = strlen(name);
	const char *dot = strchr(parameter, '.');

	if (!dot)
		return !strcmp(name, NO_PART);
	return (gsize)(dot - parameter) == length && !strncmp(parameter, name, length);
}

static const char *text_at(const struct image *image, guint64 address)
{
	guint64 available = 0;
	const char *text = (const char *)image_bytes(image, address, &available);

	return text && memchr(text, 0, available) ? text : NULL;
}

/* Whether something that is built in has a parameter, and so a directory, of the name. */
static gboolean has_parameters(const struct image *image, const char *name)
{
	gsize starts, stops;
	const guint64 *start = image_addresses(image, "__start___param", &starts);
	const guint64 *stop = image_addresses(image, "__stop___param", &stops);

	for (guint64 at = starts && stops ? *start : 0; at && at < *stop; at += PARAM_SIZE) {
		guint64 available = 0, address;
		const guint8 *bytes = image_bytes(image, at, &available);

		if (!bytes || available < sizeof(address))
			return FALSE;
		memcpy(&address, bytes, sizeof(address));
		const char *parameter = text_at(image, address);
		if (parameter && is_part_of(parameter, name))
			return TRUE;
	}
	return FALSE;
}

/* modules.builtin.modinfo: texts "NAME.FIELD=VALUE", each ended by NUL. */
static gboolean is_built_in(const struct kernel *kernel, const char *name)
{
	g_autofree char *path = g_build_filename(kernel->modules, "modules.builtin.modinfo", NULL);
	g_autoptr(GBytes) file = files_map(path, NULL);
	gsize size = 0, length;
	const char *text = file ? g_bytes_get_data(file, &size) : NULL;

	for (gsize at = 0; at < size; at += length + 1) {
		length = strnlen(text + at, size - at);
		if (at + length < size && strchr(text + at, '.') && is_part_of(text + at, name))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_module(const struct kernel *kernel, const char *name)
{
	g_autofree char *path = modules_path(kernel, name, NULL);

	return path != NULL;
}

gboolean check_name_is_free(const struct kernel *kernel, const char *name, GError **error)
{
	AUTO(image) image = image_open(kernel, "vmlinux", error);
	const char *why = NULL;

	if (!image)
		return FALSE;
	if (has_parameters(image, name) || is_built_in(kernel, name))
		why = "a part of the kernel itself has this name in /sys/module";
	else if (is_module(kernel, name))
		why = "a module of the kernel has this name, and could not be loaded any more";
	if (why)
		klatch_fail(error, KLATCH_USAGE, "the livepatch can't have this name", name,
			    "choose another with --name", "%s", why);
	return !why;
}
