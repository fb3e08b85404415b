/*
 * The table of promises: each is looked at by one function, on its own, and what is broken is said
 * of each place.
 */
#include "check/check.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "check/inside.h"

#define OUR_FAULT "this is a mistake of klatch, not of the patch: please report it"

static const struct promise {
	const char *broken; /* what can't be, if it is not kept */
	const char *hint;
	check_function *check;
} promises[] = {
	{"the livepatch is not for this kernel", "build it for the kernel it is to run on",
	 check_version_magic},
	{"the livepatch is not for this kernel's modules",
	 "build it for the kernel it is to run on", check_identity},
	{"the livepatch uses what vmlinux does not export", OUR_FAULT, check_imports},
	{"the livepatch names a symbol that would not be found", OUR_FAULT, check_klp_symbols},
	{"the livepatch replaces a function that would not be found", OUR_FAULT, check_functions},
	{"the livepatch has a callback that is no function", OUR_FAULT, check_callbacks},
	{"the livepatch would resolve a symbol at the wrong time", OUR_FAULT, check_klp_sections},
	{"the livepatch has a late reference that nobody resolves", OUR_FAULT, check_late_symbols},
	{"the livepatch uses a livepatch symbol as an ordinary one", OUR_FAULT,
	 check_ordinary_relocs},
	{"the livepatch has a relocation that can't be loaded", OUR_FAULT, check_reloc_types},
	{"the livepatch would write to memory that is gone", OUR_FAULT, check_init_sections},
	{"the livepatch has a place that can't be written", OUR_FAULT, check_places},
	{"the livepatch has a special section that depends on a late symbol", OUR_FAULT,
	 check_special_sections},
	{"the livepatch has code that the kernel has to complete", OUR_FAULT, check_boot_sections},
	{"the livepatch has the address of a function that can't be called by it", OUR_FAULT,
	 check_called_addresses},
	{"the livepatch could be removed while the kernel uses it",
	 "build it again with this klatch", check_kept},
	{"the livepatch has code that can't be unwound", OUR_FAULT, check_orc},
};

static void refuse(struct check *check, const char *where, const char *why, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(why, args);
	GError *refusal = NULL;

	klatch_fail(&refusal, KLATCH_REFUSED, check->what, where ? where : check->livepatch->name,
		    check->hint, "%s", text);
	g_ptr_array_add(check->refusals, refusal);
}

void check_refuse(struct check *check, const char *where, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	refuse(check, where, why, args);
	va_end(args);
}

void check_refuse_at(struct check *check, const struct section *section, guint64 offset,
		     const char *why, ...)
{
	g_autofree char *where = g_strdup_printf("%s: %s+0x%" G_GINT64_MODIFIER "x",
						 check->livepatch->name, section->name, offset);
	va_list args;

	va_start(args, why);
	refuse(check, where, why, args);
	va_end(args);
}

const struct image *check_image(struct check *check, const char *name)
{
	g_autoptr(GError) cause = NULL;
	gpointer image;

	if (g_hash_table_lookup_extended(check->images, name, NULL, &image))
		return image;
	image = image_open(check->kernel, name, &cause);
	if (!image)
		check_refuse(check, name, "%s", klatch_error_reason(cause)->why);
	g_hash_table_insert(check->images, g_strdup(name), image);
	return image;
}

static void free_image(gpointer image)
{
	if (image)
		image_free(image);
}

static void check_clear(struct check *check)
{
	g_clear_pointer(&check->writes, g_array_unref);
	g_clear_pointer(&check->exports, exports_free);
	g_clear_pointer(&check->images, g_hash_table_unref);
	g_clear_pointer(&check->refusals, g_ptr_array_unref);
}

/* Reads of the kernel what every check needs. */
static gboolean check_open(struct check *check, const struct kernel *kernel,
			   struct object *livepatch, struct tables *tables, GError **error)
{
	struct image *vmlinux;

	*check = (struct check){
		.kernel = kernel,
		.livepatch = livepatch,
		.tables = tables,
		.images = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_image),
		.refusals = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free),
	};
	check->writes = writes_of(check->livepatch, check->tables);
	check->exports = exports_read(kernel->symvers, error);
	vmlinux = check->exports ? image_open(kernel, "vmlinux", error) : NULL;
	if (!vmlinux)
		return FALSE;
	g_hash_table_insert(check->images, g_strdup("vmlinux"), vmlinux);
	return TRUE;
}

struct object *check_read(const char *path, struct tables **tables, GError **error)
{
	g_autoptr(GBytes) file = files_map(path, error);

	*tables = NULL;
	return file ? livepatch_read(file, path, tables, error) : NULL;
}

GPtrArray *check_livepatch(const struct kernel *kernel, const char *path, GError **error)
{
	AUTO(tables) tables = NULL;
	AUTO(object) livepatch = check_read(path, &tables, error);

	return livepatch ? check_promises(kernel, livepatch, tables, error) : NULL;
}

GPtrArray *check_promises(const struct kernel *kernel, struct object *livepatch,
			  struct tables *tables, GError **error)
{
	GPtrArray *refusals = NULL;
	struct check check;

	if (check_open(&check, kernel, livepatch, tables, error)) {
		for (gsize i = 0; i < G_N_ELEMENTS(promises); i++) {
			check.what = promises[i].broken;
			check.hint = promises[i].hint;
			promises[i].check(&check);
		}
		refusals = g_steal_pointer(&check.refusals);
	}
	check_clear(&check);
	return refusals;
}

static void free_check_object(gpointer object)
{
	check_object_free(object);
}

static struct check_object *describe_object(const struct table_object *from)
{
	struct check_object *object = g_new0(struct check_object, 1);

	object->name = g_strdup(from->name);
	object->functions = g_ptr_array_new_with_free_func(g_free);
	object->probes = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < from->functions->len; i++) {
		const struct table_function *function =
			&g_array_index(from->functions, struct table_function, i);

		/* sysfs calls the first of its name 1, also if it is the only one */
		g_ptr_array_add(function->probed ? object->probes : object->functions,
				g_strdup_printf("%s,%" G_GUINT64_FORMAT, function->name,
						MAX(function->sympos, 1)));
	}
	return object;
}

GPtrArray *check_objects(const char *path, GError **error)
{
	AUTO(tables) tables = NULL;
	AUTO(object) livepatch = check_read(path, &tables, error);
	GPtrArray *objects;

	if (!livepatch)
		return NULL;
	objects = g_ptr_array_new_with_free_func(free_check_object);
	for (guint i = 0; i < tables->objects->len; i++)
		g_ptr_array_add(objects, describe_object(tables->objects->pdata[i]));
	return objects;
}

void check_object_free(struct check_object *object)
{
	g_free(object->name);
	g_ptr_array_unref(object->functions);
	g_ptr_array_unref(object->probes);
	g_free(object);
}
