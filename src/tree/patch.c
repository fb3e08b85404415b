/*
 * Reads a patch line by line.  Outside of hunks only headers count (mail text, diffstat and
 * signatures may stand between); inside, the counts of the hunk say where it ends.
 */
#include "tree/patch.h"

#include <string.h>

#include "base/error.h"

struct reader {
	const char *path; /* of the patch, for messages */
	const char *at, *end;
	guint number; /* of the line read last, from 1 */
	GPtrArray *files;
	struct patch_file *file; /* the one whose hunks are read, or NULL */
	gboolean in_git_header;	 /* behind "diff --git", before the hunks */
};

struct text {
	const char *start;
	gsize length;
};

static void patch_file_free(struct patch_file *file)
{
	g_free(file->original);
	g_free(file->patched);
	g_free(file);
}

static gboolean fail(const struct reader *reader, enum klatch_code code, const char *hint,
		     const char *why, GError **error)
{
	g_autofree char *where = g_strdup_printf("%s:%u", reader->path, reader->number);

	klatch_fail(error, code, "the patch can't be read", where, hint, "%s", why);
	return FALSE;
}

static gboolean starts(struct text line, const char *prefix)
{
	return line.length >= strlen(prefix) && !memcmp(line.start, prefix, strlen(prefix));
}

/* The next line without its newline; false at the end. */
static gboolean next_line(struct reader *reader, struct text *line)
{
	gsize left = reader->end - reader->at;

	if (!left)
		return FALSE;

	const char *newline = memchr(reader->at, '\n', left);
	line->start = reader->at;
	line->length = newline ? (gsize)(newline - reader->at) : left;
	reader->at += newline ? line->length + 1 : left;
	reader->number++;
	return TRUE;
}

static gboolean sound_path(const char *path)
{
	g_auto(GStrv) components = g_strsplit(path, "/", -1);

	for (gsize i = 0; components[i]; i++)
		if (!*components[i] || !strcmp(components[i], ".") || !strcmp(components[i], ".."))
			return FALSE;
	return components[0] != NULL;
}

/* The path of a "--- " or "+++ " line, its first component taken off; NULL in *path for /dev/null.
 */
static gboolean read_path(const struct reader *reader, struct text line, char **path,
			  GError **error)
{
	const char *start = line.start + strlen("--- ");
	gsize length = line.length - strlen("--- ");
	const char *tab = memchr(start, '\t', length);

	if (tab)
		length = tab - start;
	g_autofree char *whole = g_strchomp(g_strndup(start, length));
	if (!strcmp(whole, "/dev/null"))
		return TRUE;

	const char *slash = strchr(whole, '/');
	if (*whole == '"' || !g_utf8_validate(whole, -1, NULL))
		return fail(reader, KLATCH_INPUT, NULL, "it names a file in quotes", error);
	if (slash == whole || !slash)
		return fail(reader, KLATCH_INPUT,
			    "make it in the source tree's parent or with git: a/FILE and b/FILE",
			    "it does not name files as DIRECTORY/FILE (patch -p1)", error);
	if (!sound_path(slash + 1))
		return fail(reader, KLATCH_INPUT, NULL, "it names a path outside of the tree",
			    error);
	*path = g_strdup(slash + 1);
	return TRUE;
}

/* "--- a/x" and "+++ b/x". */
static gboolean read_header(struct reader *reader, struct text line, GError **error)
{
	struct patch_file *file = g_new0(struct patch_file, 1);
	struct text second = {0};

	g_ptr_array_add(reader->files, file);
	reader->file = file;
	reader->in_git_header = FALSE;
	if (!read_path(reader, line, &file->original, error))
		return FALSE;
	next_line(reader, &second);
	if (!read_path(reader, second, &file->patched, error))
		return FALSE;
	if (!file->original && !file->patched)
		return fail(reader, KLATCH_INPUT, NULL, "it names no file", error);
	if (file->original && file->patched && strcmp(file->original, file->patched))
		return fail(reader, KLATCH_REFUSED,
			    "give both sides the same path below the first directory",
			    "it changes a file's name", error);
	return TRUE;
}

static gboolean read_number(const char **at, const char *end, guint64 *number)
{
	const char *digits = *at;

	for (*number = 0; *at < end && g_ascii_isdigit(**at) && *at - digits < 9; ++*at)
		*number = *number * 10 + (**at - '0');
	return *at > digits;
}

struct range {
	guint64 start, count;
};

/* "12" or "12,34" */
static gboolean read_range(const char **at, const char *end, struct range *range)
{
	if (!read_number(at, end, &range->start))
		return FALSE;
	range->count = 1;
	if (*at == end || **at != ',')
		return TRUE;
	++*at;
	return read_number(at, end, &range->count);
}

/* "@@ -12,3 +12,4 @@ ..." */
static gboolean read_ranges(struct text line, struct range *original, struct range *patched)
{
	const char *c = line.start + strlen("@@ -"), *end = line.start + line.length;

	if (!read_range(&c, end, original) || end - c < 2 || c[0] != ' ' || c[1] != '+')
		return FALSE;
	c += 2;
	return read_range(&c, end, patched) && end - c >= 3 && !memcmp(c, " @@", 3);
}

/* The lines of a hunk, as many of each side as its header says. */
static gboolean skip_hunk(struct reader *reader, guint64 original, guint64 patched, GError **error)
{
	struct text line;

	while (original || patched) {
		if (!next_line(reader, &line))
			return fail(reader, KLATCH_INPUT, NULL, "it ends within a hunk", error);
		/* Some mailers cut the space off an empty line of context. */
		char kind = line.length && *line.start != '\r' ? *line.start : ' ';
		if (kind == '\\')
			continue;
		if (!strchr(" +-", kind) || (kind != '+' && !original) || (kind != '-' && !patched))
			return fail(reader, KLATCH_INPUT, NULL, "a hunk is damaged", error);
		original -= kind != '+';
		patched -= kind != '-';
	}
	return TRUE;
}

static gboolean read_hunk(struct reader *reader, struct text line, GError **error)
{
	struct range original, patched;

	if (!reader->file)
		return fail(reader, KLATCH_INPUT, NULL, "a hunk stands before any file's name",
			    error);
	if (!read_ranges(line, &original, &patched))
		return fail(reader, KLATCH_INPUT, NULL, "a hunk's header is damaged", error);
	/* diff -N names the file that is added, not /dev/null. */
	if (!original.start && !original.count && reader->file->patched)
		g_clear_pointer(&reader->file->original, g_free);
	reader->file->hunks++;
	return skip_hunk(reader, original.count, patched.count, error);
}

/* What git's header says and this project can't use. */
static const struct {
	const char *prefix;
	const char *why;
	const char *hint;
} refused[] = {
	{"GIT binary patch", "it changes a binary file", "leave the binary file out"},
	{"rename from ", "it renames a file", "give the change without the renaming"},
	{"copy from ", "it copies a file", "give the change without the copying"},
};

static gboolean read_other(struct reader *reader, struct text line, GError **error)
{
	static const char differ[] = " differ";
	gsize tail = strlen(differ);

	if (starts(line, "diff --git ")) {
		reader->file = NULL;
		reader->in_git_header = TRUE;
	}
	if (starts(line, "Binary files ") && !memcmp(line.start + line.length - tail, differ, tail))
		return fail(reader, KLATCH_REFUSED, refused[0].hint, refused[0].why, error);
	for (gsize i = 0; i < G_N_ELEMENTS(refused) && reader->in_git_header; i++)
		if (starts(line, refused[i].prefix))
			return fail(reader, KLATCH_REFUSED, refused[i].hint, refused[i].why, error);
	return TRUE;
}

static gboolean read_any(struct reader *reader, struct text line, GError **error)
{
	struct text rest = {reader->at, reader->end - reader->at};

	if (starts(line, "--- ") && starts(rest, "+++ "))
		return read_header(reader, line, error);
	if (starts(line, "@@ -"))
		return read_hunk(reader, line, error);
	return read_other(reader, line, error);
}

static gboolean check_files(const struct reader *reader, GError **error)
{
	for (guint i = 0; i < reader->files->len; i++) {
		const struct patch_file *file = g_ptr_array_index(reader->files, i);

		if (!file->hunks)
			return fail(reader, KLATCH_INPUT, NULL,
				    "it names a file without changing it", error);
	}
	if (reader->files->len)
		return TRUE;
	klatch_fail(error, KLATCH_INPUT, "the patch can't be read", reader->path,
		    "give a unified diff, as git diff or diff -u makes it", "it changes no file");
	return FALSE;
}

GPtrArray *patch_read(const char *text, gsize size, const char *path, GError **error)
{
	g_autoptr(GPtrArray) files =
		g_ptr_array_new_with_free_func((GDestroyNotify)patch_file_free);
	struct reader reader = {.path = path, .at = text, .end = text + size, .files = files};
	struct text line;

	while (next_line(&reader, &line))
		if (!read_any(&reader, line, error))
			return NULL;
	return check_files(&reader, error) ? g_steal_pointer(&files) : NULL;
}
