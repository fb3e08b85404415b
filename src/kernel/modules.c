/*
 * Modules as installed, through libkmod and the indexes that depmod made when the kernel was added.
 */
#include <elf.h>
#include <glib/gstdio.h>
#include <libkmod.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "kernel/modules.h"
#include "kernel/unpack.h"

#define MODULE_LIMIT (512u << 20)

typedef struct kmod_ctx modules_context;
typedef struct kmod_module modules_module;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(modules_context, kmod_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(modules_module, kmod_module_unref)

static void no_log(void *data, int priority, const char *file, int line, const char *function,
		   const char *format, va_list args)
{
}

gboolean modules_index(const char *image, const char *release, GError **error)
{
	/* By its full path: /sbin is in root's $PATH only. */
	const char *argv[] = {"/sbin/depmod", "-b", image, release, NULL};
	struct process process = {.argv = argv};
	AUTO_PROCESS_RESULT result = {0};

	return process_check(&process, "indexing the modules", &result, error);
}

/* libkmod takes "tun.ko" and the like for names too. */
static gboolean is_named(modules_module *module, const char *name)
{
	g_autofree char *normal = g_strdelimit(g_strdup(name), "-", '_');

	return !strcmp(kmod_module_get_name(module), normal);
}

/*
 * The module of a name that has a file, or NULL.  No configuration of this machine is read, only
 * what the kernel's own modules ask for.
 */
static modules_module *find_module(const struct kernel *kernel, const char *name, GError **error)
{
	g_autofree char *soft = g_build_filename(kernel->modules, "modules.softdep", NULL);
	const char *configuration[] = {soft, NULL};
	g_autoptr(modules_context) context = kmod_new(kernel->modules, configuration);
	g_autoptr(modules_module) module = NULL;

	if (context)
		kmod_set_log_fn(context, no_log, NULL);
	if (context && !kmod_module_new_from_name(context, name, &module) &&
	    is_named(module, name) && kmod_module_get_path(module))
		return g_steal_pointer(&module);
	klatch_fail(error, KLATCH_INPUT, "there is no such module", name, NULL,
		    "it is not among the modules of %s", kernel->name);
	return NULL;
}

char *modules_path(const struct kernel *kernel, const char *name, GError **error)
{
	g_autoptr(modules_module) module = find_module(kernel, name, error);

	return module ? g_strdup(kmod_module_get_path(module)) : NULL;
}

GBytes *modules_unpack(GBytes *file, const char *path, GError **error)
{
	gsize size;
	const char *data = g_bytes_get_data(file, &size);

	if (size >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG))
		return g_bytes_ref(file);
	return unpack_stream(data, size, MODULE_LIMIT, path, error);
}

GBytes *modules_file_bytes(const char *path, GError **error)
{
	g_autoptr(GBytes) file = files_map(path, error);

	return file ? modules_unpack(file, path, error) : NULL;
}

GBytes *modules_bytes(const struct kernel *kernel, const char *name, GError **error)
{
	g_autofree char *path = modules_path(kernel, name, error);

	return path ? modules_file_bytes(path, error) : NULL;
}

struct object *modules_object(const struct kernel *kernel, const char *name, GError **error)
{
	g_autofree char *path = modules_path(kernel, name, error);
	g_autoptr(GBytes) bytes = path ? modules_file_bytes(path, error) : NULL;

	return bytes ? object_read_bytes(bytes, path, error) : NULL;
}

static void add_name(GPtrArray *names, const modules_module *module)
{
	const char *name = kmod_module_get_name(module);

	if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
		g_ptr_array_add(names, g_strdup(name));
}

/* libkmod lists what a module needs, directly or not, in the order in which it has to be loaded. */
static void add_in_order(GPtrArray *names, const modules_module *module)
{
	struct kmod_list *list = kmod_module_get_dependencies(module), *entry;

	kmod_list_foreach(entry, list)
	{
		g_autoptr(modules_module) needed = kmod_module_get_module(entry);

		add_name(names, needed);
	}
	kmod_module_unref_list(list);
	add_name(names, module);
}

GPtrArray *modules_dependencies(const struct kernel *kernel, const char *name, GError **error)
{
	g_autoptr(modules_module) module = find_module(kernel, name, error);
	GPtrArray *names;

	if (!module)
		return NULL;
	names = g_ptr_array_new_with_free_func(g_free);
	add_in_order(names, module);
	return names;
}

/* What one module wants before it: libkmod resolves aliases such as "crypto-crc32c". */
static void add_soft(GPtrArray *names, const modules_module *module)
{
	struct kmod_list *before = NULL, *after = NULL, *entry;

	kmod_module_get_softdeps(module, &before, &after);
	kmod_list_foreach(entry, before)
	{
		g_autoptr(modules_module) wanted = kmod_module_get_module(entry);

		if (kmod_module_get_path(wanted))
			add_in_order(names, wanted);
	}
	kmod_module_unref_list(before);
	kmod_module_unref_list(after);
}

GPtrArray *modules_soft_dependencies(const struct kernel *kernel, const char *name, GError **error)
{
	g_autoptr(GPtrArray) order = modules_dependencies(kernel, name, error);
	GPtrArray *names;

	if (!order)
		return NULL;
	names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < order->len; i++) {
		g_autoptr(modules_module) module = find_module(kernel, order->pdata[i], NULL);

		if (module)
			add_soft(names, module);
	}
	return names;
}

/* A file that modules.dep lists, and how large it is. */
struct listed {
	struct module_file file; /* first: it is what the array hands out */
	guint64 size;
};

static void listed_free(gpointer data)
{
	struct listed *listed = data;

	g_free(listed->file.name);
	g_free(listed->file.path);
	g_free(listed);
}

static gint compare_listed(gconstpointer a, gconstpointer b)
{
	const struct listed *left = *(struct listed *const *)a;
	const struct listed *right = *(struct listed *const *)b;

	if (left->size != right->size)
		return left->size < right->size ? 1 : -1;
	return strcmp(left->file.path, right->file.path);
}

/* A line "kernel/fs/ext4/ext4.ko: what it needs", up to the colon. */
static struct listed *list_file(const struct kernel *kernel, const char *relative)
{
	struct listed *listed = g_new0(struct listed, 1);
	g_autofree char *base = g_path_get_basename(relative);
	GStatBuf status;

	*strchrnul(base, '.') = '\0';
	listed->file.name = g_strdup(g_strdelimit(base, "-", '_'));
	listed->file.path = g_build_filename(kernel->modules, relative, NULL);
	if (!g_stat(listed->file.path, &status))
		listed->size = (guint64)status.st_size;
	return listed;
}

/* depmod writes a line for each file. */
GPtrArray *modules_files(const struct kernel *kernel, GError **error)
{
	g_autofree char *path = g_build_filename(kernel->modules, "modules.dep", NULL);
	g_autofree char *text = files_read_text(path, error);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
	GPtrArray *files;

	if (!lines)
		return NULL;
	files = g_ptr_array_new_with_free_func(listed_free);
	for (guint i = 0; lines[i]; i++) {
		char *colon = strchr(lines[i], ':');

		if (!colon)
			continue;
		*colon = '\0';
		g_ptr_array_add(files, list_file(kernel, lines[i]));
	}
	g_ptr_array_sort(files, compare_listed);
	return files;
}

/* Whether a module leaves a symbol undefined.  Most do not even have the name. */
static gboolean imports(const char *path, const char *symbol, gboolean *result, GError **error)
{
	g_autoptr(GBytes) bytes = modules_file_bytes(path, error);
	gsize size;
	const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	*result = FALSE;
	if (!bytes || !memmem(data, size, symbol, strlen(symbol) + 1))
		return bytes != NULL;

	AUTO(object) object = object_read_bytes(bytes, path, error);
	const struct symbol *found = object ? object_symbol(object, symbol) : NULL;
	*result = found && !found->section && found->special == SHN_UNDEF;
	return object != NULL;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *modules_importing(const struct kernel *kernel, const char *symbol, GError **error)
{
	g_autoptr(GPtrArray) files = modules_files(kernel, error);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	gboolean found;

	for (guint i = 0; files && i < files->len; i++) {
		const struct module_file *file = g_ptr_array_index(files, i);

		if (!imports(file->path, symbol, &found, error))
			return NULL;
		if (found)
			g_ptr_array_add(names, g_strdup(file->name));
	}
	g_ptr_array_sort(names, compare_names);
	return files ? g_steal_pointer(&names) : NULL;
}

static void alias_free(gpointer data)
{
	struct module_alias *alias = data;

	g_free(alias->alias);
	g_free(alias->name);
	g_free(alias);
}

/* depmod writes a line "alias PATTERN NAME" for each; libkmod can look one up but not list them. */
GPtrArray *modules_aliases(const struct kernel *kernel, const char *prefix, GError **error)
{
	g_autofree char *path = g_build_filename(kernel->modules, "modules.alias", NULL);
	g_autofree char *text = files_read_text(path, error);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
	GPtrArray *aliases;

	if (!lines)
		return NULL;
	aliases = g_ptr_array_new_with_free_func(alias_free);
	for (guint i = 0; lines[i]; i++) {
		g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);
		struct module_alias *alias;

		if (g_strv_length(words) != 3 || strcmp(words[0], "alias") ||
		    !g_str_has_prefix(words[1], prefix))
			continue;
		alias = g_new(struct module_alias, 1);
		alias->alias = g_strdup(words[1]);
		alias->name = g_strdup(words[2]);
		g_ptr_array_add(aliases, alias);
	}
	return aliases;
}

GPtrArray *modules_info_all(const struct object *module, const char *field)
{
	const struct section *section = object_section(module, ".modinfo");
	GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
	gsize length = strlen(field), size;

	for (gsize at = 0; section && section->data && at < section->size; at += size + 1) {
		const char *text = (const char *)section->data + at;

		size = strnlen(text, section->size - at);
		if (size > length && !strncmp(text, field, length) && text[length] == '=')
			g_ptr_array_add(values, g_strndup(text + length + 1, size - length - 1));
	}
	return values;
}

char *modules_info(const struct object *module, const char *field)
{
	g_autoptr(GPtrArray) values = modules_info_all(module, field);

	return values->len ? g_ptr_array_steal_index(values, 0) : NULL;
}
