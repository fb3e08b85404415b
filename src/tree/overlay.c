/*
 * The patched files are made first, in a tree that holds nothing else, so that patch(1) can't write
 * through a link.  Then the directories on the way to them are filled with links to the original,
 * and the tree with #line is made beside it.
 */
#include "tree/overlay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "tree/lines.h"
#include "tree/narrow.h"
#include "tree/patch.h"

#define HEADER_DIRECTORY "include/klatch"

/* In each directory of links, a link to the directory of the source that it stands for. */
#define ORIGINAL ".original"

static const char *const environment[] = {"LC_ALL=C", NULL};

static gboolean fail_errno(const char *path, GError **error)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, "the overlay can't be made", path, NULL, "%s",
		    g_strerror(errno));
	return FALSE;
}

static gboolean fail_file(const char *path, const char *hint, const char *why, GError **error)
{
	klatch_fail(error, KLATCH_REFUSED, "the patch does not apply", path, hint, "%s", why);
	return FALSE;
}

/* Without the flush of files_write(): the overlay does not outlive this build.  In place of what is
 * there: through a link it would be written into the kernel's source. */
static gboolean write_file(const char *path, const char *data, gsize size, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(path);
	g_autoptr(GError) cause = NULL;

	if (!files_make_directory(directory, error))
		return FALSE;
	if (g_unlink(path) && errno != ENOENT)
		return fail_errno(path, error);
	if (g_file_set_contents_full(path, data, size, G_FILE_SET_CONTENTS_NONE, 0644, &cause))
		return TRUE;
	klatch_adopt(error, KLATCH_ENVIRONMENT, "the overlay can't be made", path, NULL,
		     g_steal_pointer(&cause));
	return FALSE;
}

static gboolean is_file(const char *path)
{
	struct stat status;

	return !lstat(path, &status) && S_ISREG(status.st_mode);
}

static gboolean copy_file(const char *from, const char *to, GError **error)
{
	g_autoptr(GBytes) bytes = files_map(from, error);
	gsize size;

	if (!bytes)
		return FALSE;
	const char *data = g_bytes_get_data(bytes, &size);
	return write_file(to, data ? data : "", size, error);
}

/* Copies a file that a patch names to where patch(1) will find it, unless an earlier patch did. */
static gboolean take_file(const struct overlay *overlay, const struct kernel *kernel,
			  GHashTable *touched, const struct patch_file *file, GError **error)
{
	const char *path = file->patched ? file->patched : file->original;
	g_autofree char *source = g_build_filename(kernel->source, path, NULL);
	g_autofree char *copy = g_build_filename(overlay->plain_root, path, NULL);

	if (g_hash_table_add(touched, g_strdup(path)) && is_file(source) &&
	    !copy_file(source, copy, error))
		return FALSE;
	if (!file->original && is_file(copy))
		return fail_file(path, NULL,
				 "it adds a file that is in this kernel's source already", error);
	if (file->original && !is_file(copy))
		return fail_file(path, "take the version of the patch that is for this kernel",
				 "the file is not in this kernel's source", error);
	return TRUE;
}

/* What patch(1) said of the first hunk that failed. */
struct failure {
	char *file;
	guint hunk, line;
	guint count; /* how many failed */
	gboolean applied_already;
};

static void read_failure(const char *output, struct failure *failure)
{
	static const char patching[] = "patching file ";
	g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
	const char *file = "";

	for (gsize i = 0; lines[i]; i++) {
		guint hunk, line;
		gboolean failed = sscanf(lines[i], "Hunk #%u FAILED at %u", &hunk, &line) == 2;
		gboolean already = strstr(lines[i], "previously applied") != NULL;

		if (g_str_has_prefix(lines[i], patching))
			file = lines[i] + strlen(patching);
		if (!failure->file && (failed || already)) {
			failure->file = g_strdup(file);
			failure->applied_already = already;
			failure->hunk = failed ? hunk : 0;
			failure->line = failed ? line : 0;
		}
		failure->count += failed;
	}
}

static gboolean fail_patch(const char *patch, const struct process_result *result, GError **error)
{
	static const char hint[] = "take the version of the patch that is for this kernel";
	struct failure failure = {0};

	read_failure(result->output, &failure);
	g_autofree char *name = g_path_get_basename(patch);
	g_autofree char *file = failure.file;
	if (failure.applied_already) {
		g_autofree char *where = g_strdup_printf("%s: %s", name, file);
		return fail_file(where, NULL, "the change is in this kernel's source already",
				 error);
	}
	if (!failure.count) {
		klatch_fail(error, KLATCH_INPUT, "the patch can't be applied", patch, NULL, "%s",
			    g_strchomp(*result->errors ? result->errors : result->output));
		return FALSE;
	}
	g_autofree char *where =
		g_strdup_printf("%s, hunk %u: %s:%u", name, failure.hunk, file, failure.line);
	g_autofree char *why =
		g_strdup_printf("the lines it expects are not in this kernel's source (%u %s)",
				failure.count, failure.count == 1 ? "hunk fails" : "hunks fail");
	return fail_file(where, hint, why, error);
}

static gboolean run_patch(const struct overlay *overlay, const char *patch, GError **error)
{
	g_autofree char *input = g_canonicalize_filename(patch, NULL);
	const char *argv[] = {"patch",
			      "--unified",
			      "--strip=1",
			      "--fuzz=0",
			      "--forward",
			      "--batch",
			      "--get=0",
			      "--no-backup-if-mismatch",
			      "--reject-file=-",
			      "--quoting-style=literal",
			      "--directory",
			      overlay->plain_root,
			      "--input",
			      input,
			      NULL};
	struct process process = {.argv = argv, .environment = environment};
	AUTO_PROCESS_RESULT result = {0};

	if (!process_run(&process, &result, error))
		return FALSE;
	return result.status == 0 || fail_patch(patch, &result, error);
}

static gboolean apply(const struct overlay *overlay, const struct kernel *kernel,
		      GHashTable *touched, const char *patch, GError **error)
{
	g_autoptr(GBytes) bytes = files_map(patch, error);
	gsize size;

	if (!bytes)
		return FALSE;
	const char *text = g_bytes_get_data(bytes, &size);
	g_autoptr(GPtrArray) files = patch_read(text, size, patch, error);
	if (!files)
		return FALSE;
	for (guint i = 0; i < files->len; i++)
		if (!take_file(overlay, kernel, touched, g_ptr_array_index(files, i), error))
			return FALSE;
	return run_patch(overlay, patch, error);
}

/* A modified C file: its changes judged, its twin with #line written. */
static gboolean finish_c(const struct overlay *overlay, struct patched_file *file,
			 const char *original_path, const char *plain_path, const GArray *runs,
			 GError **error)
{
	g_autoptr(GBytes) original = files_map(original_path, error);
	g_autoptr(GBytes) patched = original ? files_map(plain_path, error) : NULL;
	gsize size;

	if (!patched)
		return FALSE;
	struct narrow_text before, after;
	before.text = g_bytes_get_data(original, &before.size);
	after.text = g_bytes_get_data(patched, &after.size);
	g_autoptr(GArray) original_lines = lines_read(before.text, before.size);
	g_autoptr(GArray) patched_lines = lines_read(after.text, after.size);
	before.lines = original_lines;
	after.lines = patched_lines;
	file->file_scope = lines_at_file_scope(original_lines, patched_lines, runs);
	file->names = narrow_changed_names(&before, &after, runs);

	g_autofree char *text = lines_renumber(after.text, after.size, runs, &size);
	g_autofree char *path = g_build_filename(overlay->root, file->path, NULL);
	return write_file(path, text, size, error);
}

static gboolean finish_modified(const struct overlay *overlay, const struct kernel *kernel,
				struct patched_file *file, GError **error)
{
	g_autofree char *original = g_build_filename(kernel->source, file->path, NULL);
	g_autofree char *plain = g_build_filename(overlay->plain_root, file->path, NULL);
	g_autofree char *numbered = g_build_filename(overlay->root, file->path, NULL);
	g_autoptr(GArray) runs = lines_compare(original, plain, FALSE, error);

	if (!runs)
		return FALSE;
	if (!runs->len) {
		/* What one patch did another undid: a link, like all that is as it was. */
		g_unlink(plain);
		g_clear_pointer(&file->path, g_free);
		return TRUE;
	}
	if (lines_are_of_c(file->path))
		return finish_c(overlay, file, original, plain, runs, error);
	file->file_scope = TRUE;
	return copy_file(plain, numbered, error);
}

/* Sorts out what became of a touched file; its path becomes NULL if nothing did. */
static gboolean finish_file(const struct overlay *overlay, const struct kernel *kernel,
			    struct patched_file *file, GError **error)
{
	g_autofree char *original = g_build_filename(kernel->source, file->path, NULL);
	g_autofree char *plain = g_build_filename(overlay->plain_root, file->path, NULL);
	g_autofree char *numbered = g_build_filename(overlay->root, file->path, NULL);
	gboolean was = is_file(original), is = is_file(plain);

	if (was && is)
		return finish_modified(overlay, kernel, file, error);
	file->file_scope = TRUE;
	file->change = is ? PATCHED_ADDED : PATCHED_DELETED;
	if (is)
		return copy_file(plain, numbered, error);
	if (g_unlink(numbered) && errno != ENOENT && errno != ENOTDIR)
		return fail_errno(numbered, error);
	if (!was)
		g_clear_pointer(&file->path, g_free);
	return TRUE;
}

static gboolean finish_files(const struct overlay *overlay, const struct kernel *kernel,
			     GHashTable *touched, GError **error)
{
	g_autoptr(GList) paths = g_hash_table_get_keys(touched);

	for (GList *at = paths; at; at = at->next) {
		struct patched_file *file = g_new0(struct patched_file, 1);

		file->path = g_strdup(at->data);
		g_ptr_array_add(overlay->files, file);
		if (!finish_file(overlay, kernel, file, error))
			return FALSE;
		if (!file->path)
			g_ptr_array_remove_index(overlay->files, overlay->files->len - 1);
	}
	return TRUE;
}

static gboolean is_deleted(const struct overlay *overlay, const char *directory, const char *name)
{
	for (guint i = 0; i < overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(overlay->files, i);

		if (file->change != PATCHED_DELETED)
			continue;
		g_autofree char *path = g_build_filename(directory, name, NULL);
		if (!strcmp(path, file->path))
			return TRUE;
	}
	return FALSE;
}

/*
 * Links to all that a directory of the source has and the overlay's does not have yet.  They go by
 * one link to that directory, because short targets are kept in the inode: a long one costs a block
 * on disk, and a header's directory has a thousand entries.
 */
static gboolean link_entries(const struct overlay *overlay, int fd, const char *source,
			     const char *directory, GError **error)
{
	g_autoptr(GDir) entries = g_dir_open(source, 0, NULL);
	const char *name;

	/* The patch may add directories: they have no original. */
	if (entries && symlinkat(source, fd, ORIGINAL) && errno != EEXIST)
		return fail_errno(source, error);
	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *target = g_build_filename(ORIGINAL, name, NULL);

		if (is_deleted(overlay, directory, name))
			continue;
		if (symlinkat(target, fd, name) && errno != EEXIST)
			return fail_errno(source, error);
	}
	return TRUE;
}

static gboolean unfold_one(const struct overlay *overlay, const struct kernel *kernel,
			   const char *root, const char *directory, GError **error)
{
	g_autofree char *source = g_build_filename(kernel->source, directory, NULL);
	g_autofree char *path = g_build_filename(root, directory, NULL);

	/* A link until now, or not there; a directory stays. */
	if (unlink(path) && errno != ENOENT && errno != EISDIR)
		return fail_errno(path, error);
	if (mkdir(path, 0755) && errno != EEXIST)
		return fail_errno(path, error);

	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(path, error);
	gboolean good = link_entries(overlay, fd, source, directory, error);
	close(fd);
	return good;
}

static gboolean unfold(const struct overlay *overlay, const struct kernel *kernel, const char *root,
		       GHashTable *unfolded, const char *directory, GError **error)
{
	if (g_hash_table_contains(unfolded, directory))
		return TRUE;
	if (*directory) {
		const char *slash = strrchr(directory, '/');
		g_autofree char *parent = g_strndup(directory, slash ? slash - directory : 0);

		if (!unfold(overlay, kernel, root, unfolded, parent, error))
			return FALSE;
	}
	g_hash_table_add(unfolded, g_strdup(directory));
	return unfold_one(overlay, kernel, root, directory, error);
}

gboolean overlay_unfold(const struct overlay *overlay, const struct kernel *kernel,
			const char *directory, GError **error)
{
	return unfold(overlay, kernel, overlay->root, overlay->unfolded, directory, error);
}

gboolean overlay_complete_plain(const struct overlay *overlay, const struct kernel *kernel,
				GError **error)
{
	g_autoptr(GList) directories = g_hash_table_get_keys(overlay->unfolded);

	for (GList *at = directories; at; at = at->next)
		if (!unfold(overlay, kernel, overlay->plain_root, overlay->plain_unfolded, at->data,
			    error))
			return FALSE;
	return TRUE;
}

static gboolean unfold_files(const struct overlay *overlay, const struct kernel *kernel,
			     GHashTable *touched, GError **error)
{
	g_autoptr(GList) paths = g_hash_table_get_keys(touched);

	if (!overlay_unfold(overlay, kernel, "", error))
		return FALSE;
	for (GList *at = paths; at; at = at->next) {
		const char *path = at->data, *slash = strrchr(path, '/');
		g_autofree char *directory = g_strndup(path, slash ? slash - path : 0);

		if (!overlay_unfold(overlay, kernel, directory, error))
			return FALSE;
	}
	return TRUE;
}

/* What patches include as <klatch/patch.h>: in both trees where the kernel's own headers are. */
static gboolean add_header(const struct overlay *overlay, const struct kernel *kernel,
			   GError **error)
{
	const char *const roots[] = {overlay->root, overlay->plain_root};
	g_autoptr(GBytes) header = g_resources_lookup_data("/klatch/late/patch.h", 0, NULL);
	gsize size;
	const char *text = g_bytes_get_data(header, &size);

	if (!overlay_unfold(overlay, kernel, HEADER_DIRECTORY, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(roots); i++) {
		g_autofree char *path =
			g_build_filename(roots[i], HEADER_DIRECTORY, "patch.h", NULL);

		if (!write_file(path, text, size, error))
			return FALSE;
	}
	return TRUE;
}

static gint compare_files(gconstpointer a, gconstpointer b)
{
	const struct patched_file *one = *(const struct patched_file *const *)a;
	const struct patched_file *other = *(const struct patched_file *const *)b;

	return strcmp(one->path, other->path);
}

/* In trees that have none of what the patches change. */
static gboolean apply_all(const struct overlay *overlay, const struct kernel *kernel,
			  const char *const *patches, GError **error)
{
	g_autoptr(GHashTable) touched =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (gsize i = 0; patches[i]; i++)
		if (!apply(overlay, kernel, touched, patches[i], error))
			return FALSE;
	if (!layouts_keep(overlay->layouts, kernel->source, overlay->plain_root, touched, error) ||
	    !finish_files(overlay, kernel, touched, error) ||
	    !unfold_files(overlay, kernel, touched, error))
		return FALSE;
	g_ptr_array_sort(overlay->files, compare_files);
	return TRUE;
}

static void patched_file_free(struct patched_file *file)
{
	g_free(file->path);
	g_clear_pointer(&file->names, g_hash_table_unref);
	g_free(file);
}

struct overlay *overlay_new(const struct kernel *kernel, const char *const *patches,
			    const char *directory, GError **error)
{
	AUTO(overlay) overlay = g_new0(struct overlay, 1);

	overlay->root = g_build_filename(directory, "patched", NULL);
	overlay->plain_root = g_build_filename(directory, "plain", NULL);
	overlay->files = g_ptr_array_new_with_free_func((GDestroyNotify)patched_file_free);
	overlay->layouts = layouts_new();
	overlay->unfolded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	overlay->plain_unfolded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	if (!files_make_directory(overlay->root, error) ||
	    !files_make_directory(overlay->plain_root, error))
		return NULL;
	if (!apply_all(overlay, kernel, patches, error) || !add_header(overlay, kernel, error))
		return NULL;
	return g_steal_pointer(&overlay);
}

/* Where a patch made a file there is a link again, as to all that is as it was. */
static gboolean put_back(const struct overlay *overlay, const struct kernel *kernel,
			 const char *path, GError **error)
{
	g_autofree char *made = g_build_filename(overlay->root, path, NULL);
	g_autofree char *plain = g_build_filename(overlay->plain_root, path, NULL);
	g_autofree char *source = g_build_filename(kernel->source, path, NULL);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *target = g_build_filename(ORIGINAL, name, NULL);

	if (g_unlink(made) && errno != ENOENT)
		return fail_errno(made, error);
	if (g_unlink(plain) && errno != ENOENT)
		return fail_errno(plain, error);
	if (is_file(source) && symlink(target, made))
		return fail_errno(made, error);
	return TRUE;
}

static void forget_file(const struct overlay *overlay, const char *path)
{
	for (guint i = 0; i < overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(overlay->files, i);

		if (!strcmp(file->path, path)) {
			g_ptr_array_remove_index(overlay->files, i);
			return;
		}
	}
}

gboolean overlay_repatch(struct overlay *overlay, const struct kernel *kernel, GHashTable *paths,
			 const char *const *patches, GError **error)
{
	GHashTableIter iter;
	gpointer path;

	g_hash_table_iter_init(&iter, paths);
	while (g_hash_table_iter_next(&iter, &path, NULL)) {
		if (!put_back(overlay, kernel, path, error))
			return FALSE;
		forget_file(overlay, path);
		layouts_forget(overlay->layouts, path);
	}
	/* Its links are made again where they are missing. */
	g_hash_table_remove_all(overlay->plain_unfolded);
	return apply_all(overlay, kernel, patches, error);
}

void overlay_free(struct overlay *overlay)
{
	g_free(overlay->root);
	g_free(overlay->plain_root);
	g_ptr_array_unref(overlay->files);
	layouts_free(overlay->layouts);
	g_hash_table_unref(overlay->unfolded);
	g_hash_table_unref(overlay->plain_unfolded);
	g_free(overlay);
}
