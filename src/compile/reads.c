/*
 * Which files a compile reads: no patched unit may read the original of a patched file.
 */
#include "compile/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "tree/shell.h"

/*
 * Makes the directories real that ".." is applied to in a path of the overlay, so that it stays in
 * the overlay.  Sets *changed if one was a link before.
 */
static gboolean unfold_path(const struct compilation *compilation, const char *path,
			    gboolean *changed, GError **error)
{
	const struct overlay *overlay = compilation->overlay;

	for (const char *dots = path; (dots = strstr(dots, "/../")); dots++) {
		g_autofree char *before = g_strndup(path, dots - path);
		g_autofree char *directory = g_canonicalize_filename(before, "/");
		guint real = g_hash_table_size(overlay->unfolded);

		if (!overlay_unfold(overlay, compilation->kernel, directory + 1, error))
			return FALSE;
		*changed |= g_hash_table_size(overlay->unfolded) != real;
	}
	return TRUE;
}

/* Does so for the paths in a unit's command, as most ".." stand there. */
gboolean reads_unfold(const struct compilation *compilation, const struct unit *unit,
		      GError **error)
{
	const char *source = compilation->kernel->source;
	g_autofree char *command = line_unit(unit);
	struct text rest = {command, strlen(command)}, word;
	gboolean changed = FALSE;

	while (shell_word(&rest, &word)) {
		g_autofree char *text = text_copy(word);
		const char *path = strstr(text, source);

		if (path && !unfold_path(compilation, path + strlen(source), &changed, error))
			return FALSE;
	}
	return TRUE;
}

/* The originals of all files that the patch changes, by the last component of their path. */
GHashTable *reads_originals(const struct kernel *kernel, const struct overlay *overlay)
{
	GHashTable *originals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						      (GDestroyNotify)g_ptr_array_unref);

	for (guint i = 0; i < overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(overlay->files, i);
		char *base = g_path_get_basename(file->path);
		GPtrArray *paths = g_hash_table_lookup(originals, base);

		if (!paths) {
			paths = g_ptr_array_new_with_free_func(g_free);
			g_hash_table_insert(originals, g_strdup(base), paths);
		}
		g_ptr_array_add(paths, g_build_filename(kernel->source, file->path, NULL));
		g_free(base);
	}
	return originals;
}

/* Whether a file is the original of one that the patch changes. */
static gboolean is_original(GHashTable *originals, const char *path)
{
	const char *slash = strrchr(path, '/');
	const GPtrArray *same_name = g_hash_table_lookup(originals, slash ? slash + 1 : path);

	for (guint i = 0; same_name && i < same_name->len; i++) {
		char *real = realpath(path, NULL);
		char *wanted = realpath(g_ptr_array_index(same_name, i), NULL);
		gboolean same = real && wanted && !strcmp(real, wanted);

		free(real);
		free(wanted);
		if (same)
			return TRUE;
	}
	return FALSE;
}

static void fail_escaped(const struct unit *unit, GError **error)
{
	klatch_fail(error, KLATCH_REFUSED, "the unit can't be compiled as patched", unit->source,
		    "this is an error in klatch: please report it",
		    "it reads the original of a file that the patch changes");
}

GPtrArray *compile_files(const char *object, GError **error)
{
	g_autofree char *list = line_dependencies(object);
	g_autofree char *text = files_read_text(list, error);
	GPtrArray *files = NULL;
	struct text rest = {text, text ? strlen(text) : 0}, word;

	if (!text)
		return NULL;
	files = g_ptr_array_new_with_free_func(g_free);
	/* "object: file file \\" over many lines */
	shell_word(&rest, &word);
	while (shell_word(&rest, &word))
		if (*word.start != '\\')
			g_ptr_array_add(files, text_copy(word));
	return files;
}

/* The files of the overlay that a patched unit read the original by; an empty array if none. */
GPtrArray *reads_escapes(const struct compilation *compilation, const struct compiled *compiled,
			 GError **error)
{
	const char *root = compilation->overlay->root;
	g_autoptr(GPtrArray) files = compile_files(compiled->patched, error);
	GPtrArray *found = files ? g_ptr_array_new_with_free_func(g_free) : NULL;

	for (guint i = 0; files && i < files->len; i++) {
		const char *path = g_ptr_array_index(files, i);

		if (g_str_has_prefix(path, root) && is_original(compilation->originals, path))
			g_ptr_array_add(found, g_strdup(path + strlen(root)));
	}
	return found;
}

/* Makes all directories real on the way by which a unit read an original. */
gboolean reads_catch(const struct compilation *compilation, const struct compiled *compiled,
		     GError **error)
{
	g_autoptr(GPtrArray) paths = reads_escapes(compilation, compiled, error);
	gboolean changed = FALSE;

	for (guint i = 0; paths && i < paths->len; i++)
		if (!unfold_path(compilation, g_ptr_array_index(paths, i), &changed, error))
			return FALSE;
	if (!paths)
		return FALSE;
	/* None any more: another unit has gone the same way. */
	if (changed || !paths->len)
		return TRUE;
	fail_escaped(compiled->unit, error);
	return FALSE;
}

gboolean compile_reads_original(const struct kernel *kernel, const struct overlay *overlay,
				const char *object, gboolean *reads, GError **error)
{
	g_autoptr(GPtrArray) files = compile_files(object, error);

	g_autoptr(GHashTable) originals = reads_originals(kernel, overlay);

	*reads = FALSE;
	for (guint i = 0; files && i < files->len && !*reads; i++)
		*reads = is_original(originals, g_ptr_array_index(files, i));
	return files != NULL;
}
