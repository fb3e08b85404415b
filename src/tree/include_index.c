/*
 * Makes the include index: every file of both trees is read once and its #include lines taken as
 * they stand, whatever conditional they lie in and whether or not they lie in a comment: nothing
 * may be missed.
 */
#include "tree/include_index.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "tree/includes.h"

/* A name in an #include, and by whom it is used, as text of the index. */
struct name {
	char *text; /* owned by index->names */
	GString *beside, *searched;
	guint32 last_beside, last_searched;
};

struct use {
	guint32 file, name;
};

struct index {
	GStringChunk *strings;
	GHashTable *paths;   /* every path there is */
	GPtrArray *files;    /* of borrowed path: those with an #include */
	GHashTable *numbers; /* text to its position in names + 1 */
	GPtrArray *names;    /* of struct name */
	GArray *uses;	     /* of struct use, by rising file */
	GByteArray *buffer;  /* the file that is read */
};

char *include_resolve(const char *directory, const char *name)
{
	/* Three slashes in front are one root; two would be kept, as POSIX wants it. */
	g_autofree char *joined = g_strconcat("///", directory, "/", name, NULL);
	g_autofree char *canonical = g_canonicalize_filename(joined, "/");

	return g_strdup(canonical + 1);
}

char *include_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	return g_strndup(path, slash ? slash - path : 0);
}

static void name_free(struct name *name)
{
	g_string_free(name->beside, TRUE);
	g_string_free(name->searched, TRUE);
	g_free(name);
}

static guint32 name_number(struct index *index, const char *start, gsize length)
{
	g_autofree char *text = g_strndup(start, length);
	guint number = GPOINTER_TO_UINT(g_hash_table_lookup(index->numbers, text));

	if (number)
		return number - 1;
	struct name *name = g_new0(struct name, 1);
	name->text = g_steal_pointer(&text);
	name->beside = g_string_new(NULL);
	name->searched = g_string_new(NULL);
	g_ptr_array_add(index->names, name);
	g_hash_table_insert(index->numbers, name->text, GUINT_TO_POINTER(index->names->len));
	return index->names->len - 1;
}

static void add_use(struct index *index, const char *path, const char *name, gsize length)
{
	struct use use = {.name = name_number(index, name, length)};

	if (!index->files->len ||
	    g_ptr_array_index(index->files, index->files->len - 1) != (gpointer)path)
		g_ptr_array_add(index->files, (gpointer)path);
	use.file = index->files->len - 1;
	g_array_append_val(index->uses, use);
}

static const char *skip_blanks(const char *c, const char *end)
{
	while (c < end && (*c == ' ' || *c == '\t'))
		c++;
	return c;
}

static const char *skip_word(const char *c, const char *end)
{
	while (c < end && (g_ascii_isalnum(*c) || *c == '_'))
		c++;
	return c;
}

/* The length of "name" or <name> at c, without the closing quote; 0 if there is none. */
static gsize quoted_length(const char *c, const char *end)
{
	char close = c < end && *c == '<' ? '>' : '"';
	const char *at = c + 1;

	if (c == end || (*c != '<' && *c != '"'))
		return 0;
	while (at < end && *at != close && *at != '\n' && *at != '\t')
		at++;
	return at < end && *at == close && at > c + 1 ? at - c : 0;
}

/*
 * #include NAME, and #define MACRO NAME: the few headers that are included through a macro are
 * named there (drbd's and ACPI's).
 */
static void read_directive(struct index *index, const char *path, const char *hash, const char *end)
{
	const char *word = skip_blanks(hash + 1, end), *after = skip_word(word, end);
	gboolean defines = after - word == 6 && !memcmp(word, "define", 6);
	gboolean includes = after - word >= 7 && !memcmp(word, "include", 7);
	gsize length;

	if (!defines && !includes)
		return;
	after = skip_blanks(after, end);
	if (defines)
		after = skip_blanks(skip_word(after, end), end);
	length = quoted_length(after, end);
	if (length && (includes || (length > 3 && !memcmp(after + length - 2, ".h", 2))))
		add_use(index, path, after, length);
}

static void read_text(struct index *index, const char *path, const char *text, gsize size)
{
	const char *end = text + size, *c = text;

	while (c < end && (c = memchr(c, '#', end - c))) {
		const char *line = c;

		while (line > text && (line[-1] == ' ' || line[-1] == '\t'))
			line--;
		if (line == text || line[-1] == '\n')
			read_directive(index, path, c, end);
		c++;
	}
}

/* Reads an open file into the buffer; -1 on error.  Mapping eighty thousand files takes longer. */
static gssize fill_buffer(struct index *index, int fd)
{
	gsize size = 0;
	ssize_t got;

	do {
		if (index->buffer->len < size + 65536)
			g_byte_array_set_size(index->buffer, 2 * (size + 65536));
		got = read(fd, index->buffer->data + size, index->buffer->len - size);
		size += MAX(got, 0);
	} while (got > 0);
	return got ? -1 : (gssize)size;
}

/* A link to a directory, or to nothing, has no text. */
static gboolean read_file(struct index *index, const char *file, const char *path, GError **error)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	gssize size = fd < 0 ? -1 : fill_buffer(index, fd);
	gboolean good = size >= 0 || errno == EISDIR || errno == ENOENT;

	if (!good)
		klatch_fail(error, KLATCH_ENVIRONMENT, "the include index can't be made", file,
			    NULL, "%s", g_strerror(errno));
	if (size > 0)
		read_text(index, path, (const char *)index->buffer->data, size);
	if (fd >= 0)
		close(fd);
	return good;
}

/* A tree, or a directory of it; paths are kept from the tree on. */
static gboolean read_tree(struct index *index, const char *tree_path, const char *directory,
			  GError **error)
{
	g_autofree char *root = g_build_filename(tree_path, directory, NULL);
	char *roots[] = {root, NULL};
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	gsize length = strlen(tree_path) + 1;
	gboolean good = tree != NULL;
	const FTSENT *entry;

	while (good && (entry = fts_read(tree))) {
		if (entry->fts_info != FTS_NSOK && entry->fts_info != FTS_F)
			continue;
		char *path = g_string_chunk_insert(index->strings, entry->fts_path + length);

		g_hash_table_add(index->paths, path);
		good = read_file(index, entry->fts_path, path, error);
	}
	if (tree)
		fts_close(tree);
	else
		klatch_fail(error, KLATCH_ENVIRONMENT, "the include index can't be made", root,
			    NULL, "%s", g_strerror(errno));
	return good;
}

static gboolean lies_beside(const struct index *index, const char *path, const char *quoted)
{
	if (*quoted != '"')
		return FALSE;
	g_autofree char *directory = include_directory(path);
	g_autofree char *resolved = include_resolve(directory, quoted + 1);
	return g_hash_table_contains(index->paths, resolved);
}

static void add_number(GString *list, guint32 number, guint32 *last)
{
	g_string_append_printf(list, list->len ? " %u" : "%u", number - *last);
	*last = number;
}

static void sort_uses(const struct index *index)
{
	for (guint i = 0; i < index->uses->len; i++) {
		const struct use *use = &g_array_index(index->uses, struct use, i);
		struct name *name = g_ptr_array_index(index->names, use->name);

		if (lies_beside(index, g_ptr_array_index(index->files, use->file), name->text))
			add_number(name->beside, use->file, &name->last_beside);
		else
			add_number(name->searched, use->file, &name->last_searched);
	}
}

static gboolean write_index(const struct index *index, const char *path, GError **error)
{
	g_autoptr(GString) text = g_string_new(INCLUDE_INDEX_FORMAT "\n");

	sort_uses(index);
	for (guint i = 0; i < index->files->len; i++)
		g_string_append_printf(text, "file\t%s\n",
				       (char *)g_ptr_array_index(index->files, i));
	for (guint i = 0; i < index->names->len; i++) {
		const struct name *name = g_ptr_array_index(index->names, i);

		g_string_append_printf(text, "name\t%s\t%s\t%s\n", name->text, name->beside->str,
				       name->searched->str);
	}
	return files_write(path, text->str, text->len, error);
}

/* How the list of a name goes on: its last number is the sum of all. */
static GString *former_list(char *text, guint32 *last)
{
	for (char *at = text; *at; at += strspn(at, " "))
		*last += strtoul(at, &at, 10);
	return g_string_new(text);
}

static void read_former_name(struct index *index, char *const *fields)
{
	struct name *name = g_new0(struct name, 1);

	name->text = g_strdup(fields[1]);
	name->beside = former_list(fields[2], &name->last_beside);
	name->searched = former_list(fields[3], &name->last_searched);
	g_ptr_array_add(index->names, name);
	g_hash_table_insert(index->numbers, name->text, GUINT_TO_POINTER(index->names->len));
}

static gboolean read_former(struct index *index, const char *path, GError **error)
{
	g_autofree char *text = files_read_text(path, error);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

	for (char **line = lines; line && *line; line++) {
		g_auto(GStrv) fields = g_strsplit(*line, "\t", 4);
		guint count = g_strv_length(fields);

		if (count == 2 && !strcmp(fields[0], "file")) {
			char *file = g_string_chunk_insert(index->strings, fields[1]);

			g_ptr_array_add(index->files, file);
			g_hash_table_add(index->paths, file);
		} else if (count == 4 && !strcmp(fields[0], "name")) {
			read_former_name(index, fields);
		}
	}
	return lines != NULL;
}

static void index_init(struct index *index)
{
	index->strings = g_string_chunk_new(1 << 20);
	index->paths = g_hash_table_new(g_str_hash, g_str_equal);
	index->files = g_ptr_array_new();
	index->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	index->names = g_ptr_array_new_with_free_func((GDestroyNotify)name_free);
	index->uses = g_array_new(FALSE, FALSE, sizeof(struct use));
	index->buffer = g_byte_array_new();
}

static void index_clear(struct index *index)
{
	g_byte_array_unref(index->buffer);
	g_array_unref(index->uses);
	g_ptr_array_unref(index->names);
	g_hash_table_unref(index->numbers);
	g_ptr_array_unref(index->files);
	g_hash_table_unref(index->paths);
	g_string_chunk_free(index->strings);
}

gboolean includes_make(const char *source, const char *build, const char *path, GError **error)
{
	struct index index;
	gboolean good;

	index_init(&index);
	good = read_tree(&index, source, "", error) && read_tree(&index, build, "", error) &&
	       write_index(&index, path, error);
	index_clear(&index);
	return good;
}

gboolean includes_make_external(const char *former, const char *source, const char *name,
				const char *path, GError **error)
{
	struct index index;
	gboolean good;

	index_init(&index);
	good = read_former(&index, former, error) && read_tree(&index, source, name, error) &&
	       write_index(&index, path, error);
	index_clear(&index);
	return good;
}
