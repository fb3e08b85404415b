/*
 * The index is the include graph backwards: for each name that stands in an #include, the files in
 * which it stands.  Asked for a header, the names that may mean it are looked up by their last
 * component; the files that use one of them are then headers to ask for in turn.
 *
 * What a name means depends on the -I options of the unit that is compiled.  Units with the same
 * options are a context; for each file the set of contexts is kept in which it may include the
 * header, so that a common name ("core.h") leads to the right units only.  Paths of the source and
 * of the build tree are one space of names: no file is in both.
 */
#include "tree/includes.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "tree/include_index.h"
#include "tree/shell.h"

struct name {
	const char *text;   /* without its quote */
	gboolean quoted;    /* by "", not <> */
	const char *beside; /* lists of files, as in the index */
	const char *searched;
	guint next; /* the next name with the same last component + 1, or 0 */
};

struct includes {
	char *text;		   /* of the index */
	char *source;		   /* the source tree, as commands name it */
	GPtrArray *files;	   /* of borrowed path */
	GArray *names;		   /* of struct name */
	GHashTable *by_base;	   /* last component to the first name + 1 */
	struct contexts *contexts; /* found by the first question */
};

/* What a unit's options say of includes. */
struct options {
	GPtrArray *directories; /* of char *: of -I and its like */
	GPtrArray *forced;	/* of char *: of -include */
};

/* The contexts of a database's units, and which directory belongs to which. */
struct contexts {
	const struct commands *commands; /* NULL: not found yet */
	guint words;			 /* a set of contexts is so many guint64 */
	GHashTable *numbers;		 /* options as text to context + 1 */
	guint *of_units;		 /* by unit, in order of the database */
	GPtrArray *options;		 /* of struct options, by context */
	GHashTable *directories;	 /* directory to its set of contexts */
	guint64 *all;
};

static void options_free(struct options *options)
{
	g_ptr_array_unref(options->directories);
	g_ptr_array_unref(options->forced);
	g_free(options);
}

static void contexts_clear(struct contexts *contexts)
{
	g_clear_pointer(&contexts->numbers, g_hash_table_unref);
	g_clear_pointer(&contexts->directories, g_hash_table_unref);
	g_clear_pointer(&contexts->options, g_ptr_array_unref);
	g_clear_pointer(&contexts->of_units, g_free);
	g_clear_pointer(&contexts->all, g_free);
	contexts->commands = NULL;
}

static char *cut(char *text, char end)
{
	char *at = strchr(text, end);

	if (!at)
		return text + strlen(text);
	*at = '\0';
	return at + 1;
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_name(struct includes *includes, char *fields)
{
	char *beside = cut(fields, '\t'), *searched = cut(beside, '\t');
	struct name name = {fields + 1, *fields == '"', beside, searched, 0};
	const char *base = last_component(name.text);

	name.next = GPOINTER_TO_UINT(g_hash_table_lookup(includes->by_base, base));
	g_array_append_val(includes->names, name);
	g_hash_table_insert(includes->by_base, (gpointer)base,
			    GUINT_TO_POINTER(includes->names->len));
}

static gboolean read_index(struct includes *includes)
{
	char *line = cut(includes->text, '\n');

	if (strcmp(includes->text, INCLUDE_INDEX_FORMAT))
		return FALSE;
	while (*line) {
		char *next = cut(line, '\n'), *fields = cut(line, '\t');

		if (!strcmp(line, "file"))
			g_ptr_array_add(includes->files, fields);
		else if (!strcmp(line, "name") && (*fields == '"' || *fields == '<'))
			add_name(includes, fields);
		else
			return FALSE;
		line = next;
	}
	return TRUE;
}

struct includes *includes_open(const struct kernel *kernel, GError **error)
{
	AUTO(includes) includes = g_new0(struct includes, 1);

	includes->source = g_strdup(kernel->source);
	includes->files = g_ptr_array_new();
	includes->names = g_array_new(FALSE, FALSE, sizeof(struct name));
	includes->by_base = g_hash_table_new(g_str_hash, g_str_equal);
	includes->contexts = g_new0(struct contexts, 1);
	includes->text = files_read_text(kernel->includes, error);
	if (!includes->text)
		return NULL;
	if (read_index(includes))
		return g_steal_pointer(&includes);
	klatch_fail(error, KLATCH_ENVIRONMENT, "the include index can't be read", kernel->includes,
		    "remove the kernel and add it again",
		    "it is damaged or of another version of klatch");
	return NULL;
}

void includes_free(struct includes *includes)
{
	g_free(includes->text);
	g_free(includes->source);
	g_ptr_array_unref(includes->files);
	g_array_unref(includes->names);
	g_hash_table_unref(includes->by_base);
	contexts_clear(includes->contexts);
	g_free(includes->contexts);
	g_free(includes);
}

/* What one question has found. */
struct search {
	const struct includes *includes;
	const struct contexts *contexts;
	GHashTable *nodes; /* path to struct node */
	GQueue queue;	   /* of struct node */
};

/* A file from which the header may be included. */
struct node {
	const char *path;
	gboolean queued;
	gboolean included;  /* by another file */
	guint64 contexts[]; /* in which it may */
};

/* A path in a command, below the source or the build tree; NULL if it is elsewhere. */
static char *tree_path(const struct includes *includes, struct text word)
{
	g_autofree char *path = text_copy(word);
	gsize length = strlen(includes->source);

	if (g_str_has_prefix(path, includes->source) && (!path[length] || path[length] == '/'))
		return include_resolve("", path + length);
	return *path == '/' ? NULL : include_resolve("", path);
}

/* An option that takes a path, as its own word or the next one. */
static const struct {
	const char *option;
	gboolean forced;
} path_options[] = {
	{"-include", TRUE}, {"-imacros", TRUE},	   {"-isystem", FALSE},
	{"-iquote", FALSE}, {"-idirafter", FALSE}, {"-I", FALSE},
};

static void read_option(const struct includes *includes, struct text word, struct text *rest,
			struct options *options)
{
	for (gsize i = 0; i < G_N_ELEMENTS(path_options); i++) {
		gsize length = strlen(path_options[i].option);

		if (!text_starts(word, path_options[i].option))
			continue;
		word.start += length;
		word.length -= length;
		if (!word.length)
			shell_word(rest, &word);
		char *path = tree_path(includes, word);
		if (path)
			g_ptr_array_add(path_options[i].forced ? options->forced
							       : options->directories,
					path);
		return;
	}
}

static void read_options(const struct includes *includes, const char *command,
			 struct options *options)
{
	struct text rest = {command, strlen(command)}, word;

	while (shell_word(&rest, &word))
		read_option(includes, word, &rest, options);
}

/* The options that a unit does not share with others, as text: the key of its context. */
static char *own_options(const struct unit *unit)
{
	struct text rest = {unit->arguments, strlen(unit->arguments)}, word;
	GString *key = g_string_new(NULL);

	/* The shared part is one string for all who have it. */
	g_string_append_printf(key, "%p", (void *)unit->compile);
	while (shell_word(&rest, &word)) {
		/* names of the unit, and its file */
		if (text_starts(word, "-D") || !rest.length)
			continue;
		g_string_append_c(key, ' ');
		g_string_append_len(key, word.start, word.length);
	}
	return g_string_free(key, FALSE);
}

static guint context_of(const struct includes *includes, const struct unit *unit)
{
	struct contexts *contexts = includes->contexts;
	char *key = own_options(unit);
	guint context = GPOINTER_TO_UINT(g_hash_table_lookup(contexts->numbers, key));

	if (context) {
		g_free(key);
		return context - 1;
	}
	struct options *options = g_new(struct options, 1);
	options->directories = g_ptr_array_new_with_free_func(g_free);
	options->forced = g_ptr_array_new_with_free_func(g_free);
	read_options(includes, unit->compile, options);
	read_options(includes, unit->arguments, options);
	g_ptr_array_add(contexts->options, options);
	g_hash_table_insert(contexts->numbers, key, GUINT_TO_POINTER(contexts->options->len));
	return contexts->options->len - 1;
}

static void set_context(guint64 *set, guint context)
{
	set[context / 64] |= G_GUINT64_CONSTANT(1) << (context % 64);
}

static gboolean has_context(const guint64 *set, guint context)
{
	return set[context / 64] >> (context % 64) & 1;
}

/* For each directory the contexts that search it. */
static void sort_directories(struct contexts *contexts)
{
	for (guint i = 0; i < contexts->options->len; i++) {
		const struct options *options = g_ptr_array_index(contexts->options, i);

		for (guint j = 0; j < options->directories->len; j++) {
			const char *directory = g_ptr_array_index(options->directories, j);
			guint64 *set = g_hash_table_lookup(contexts->directories, directory);

			if (!set) {
				set = g_new0(guint64, contexts->words);
				g_hash_table_insert(contexts->directories, (gpointer)directory,
						    set);
			}
			set_context(set, i);
		}
	}
}

/* The contexts of all units, read once for all questions about one database. */
static void find_contexts(const struct includes *includes, const struct commands *commands)
{
	const GPtrArray *units = commands_units(commands);
	struct contexts *contexts = includes->contexts;

	if (contexts->commands == commands)
		return;
	contexts_clear(contexts);
	contexts->commands = commands;
	contexts->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	contexts->options = g_ptr_array_new_with_free_func((GDestroyNotify)options_free);
	contexts->directories = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	contexts->of_units = g_new(guint, units->len);
	for (guint i = 0; i < units->len; i++)
		contexts->of_units[i] = context_of(includes, g_ptr_array_index(units, i));
	contexts->words = contexts->options->len / 64 + 1;
	contexts->all = g_new(guint64, contexts->words);
	memset(contexts->all, 0xff, contexts->words * sizeof(guint64));
	sort_directories(contexts);
}

/* ---- the search ---- */

static struct node *node_of(struct search *search, const char *path)
{
	struct node *node = g_hash_table_lookup(search->nodes, path);

	if (node)
		return node;
	node = g_malloc0(sizeof(*node) + search->contexts->words * sizeof(guint64));
	node->path = path;
	g_hash_table_insert(search->nodes, (gpointer)path, node);
	return node;
}

/* A file may include what `from` stands for in these of its contexts. */
static void reach(struct search *search, struct node *from, const char *path,
		  const guint64 *contexts)
{
	struct node *node = node_of(search, path);
	gboolean grown = FALSE;

	for (guint i = 0; i < search->contexts->words; i++) {
		guint64 common = from->contexts[i] & contexts[i];
		guint64 more = common & ~node->contexts[i];

		from->included |= common != 0;
		node->contexts[i] |= more;
		grown |= more != 0;
	}
	if (grown && !node->queued) {
		node->queued = TRUE;
		g_queue_push_tail(&search->queue, node);
	}
}

/* Takes the next number off a list of files; false at its end. */
static gboolean next_file(const struct search *search, const char **list, guint32 *file)
{
	char *end;

	*file += g_ascii_strtoull(*list, &end, 10);
	if (end == *list || *file >= search->includes->files->len)
		return FALSE;
	*list = *end == ' ' ? end + 1 : end;
	return TRUE;
}

static gboolean resolves(const char *directory, const char *name, const char *path)
{
	g_autofree char *resolved = include_resolve(directory, name);

	return !strcmp(resolved, path);
}

/* A name that may mean a path, and from where. */
struct meaning {
	const struct name *name;
	const char *path;
	char *directory; /* the one directory below which the name leads to the path; NULL if the
			    name has ".." and has to be tried */
};

/* Whether a name can mean a path at all: if the path ends in it, or in what follows its "..". */
static gboolean may_mean(const struct name *name, const char *path, struct meaning *meaning)
{
	const char *tail = name->text;
	gsize length = strlen(path), tail_length;

	for (const char *dots = tail; (dots = strstr(dots, "./")); tail = dots)
		dots += strlen("./");
	tail_length = strlen(tail);
	if (length < tail_length || strcmp(path + length - tail_length, tail))
		return FALSE;
	if (length > tail_length && path[length - tail_length - 1] != '/')
		return FALSE;

	*meaning = (struct meaning){name, path, NULL};
	if (tail == name->text)
		meaning->directory =
			g_strndup(path, length > tail_length ? length - tail_length - 1 : 0);
	return TRUE;
}

/* Whether a file lies where the name, next to it, is the path. */
static gboolean is_neighbour(const struct meaning *meaning, const char *file)
{
	const char *directory = meaning->directory, *slash = strrchr(file, '/');
	gsize length = slash ? slash - file : 0;

	if (directory)
		return strlen(directory) == length && !strncmp(directory, file, length);
	g_autofree char *own = g_strndup(file, length);
	return resolves(own, meaning->name->text, meaning->path);
}

static void add_set(const struct search *search, guint64 *sum, const guint64 *set)
{
	for (guint i = 0; set && i < search->contexts->words; i++)
		sum[i] |= set[i];
}

/* In which contexts a name that is searched for may be found as the path. */
static void find_searchers(const struct search *search, const struct meaning *meaning,
			   guint64 *contexts)
{
	GHashTableIter iter;
	gpointer directory, set;

	memset(contexts, 0, search->contexts->words * sizeof(guint64));
	if (meaning->directory) {
		add_set(search, contexts,
			g_hash_table_lookup(search->contexts->directories, meaning->directory));
		return;
	}
	g_hash_table_iter_init(&iter, search->contexts->directories);
	while (g_hash_table_iter_next(&iter, &directory, &set))
		if (resolves(directory, meaning->name->text, meaning->path))
			add_set(search, contexts, set);
}

static void reach_neighbours(struct search *search, struct node *from,
			     const struct meaning *meaning, const char *list)
{
	guint32 file = 0;

	while (next_file(search, &list, &file)) {
		const char *path = g_ptr_array_index(search->includes->files, file);

		if (is_neighbour(meaning, path))
			reach(search, from, path, search->contexts->all);
	}
}

static void reach_users(struct search *search, struct node *from, const struct name *name)
{
	g_autofree guint64 *contexts = g_new(guint64, search->contexts->words);
	const char *list = name->searched;
	struct meaning meaning;
	guint32 file = 0;

	if (!may_mean(name, from->path, &meaning))
		return;
	reach_neighbours(search, from, &meaning, name->beside);
	/* What the patch adds may lie beside a file that had to search so far. */
	if (name->quoted)
		reach_neighbours(search, from, &meaning, name->searched);
	find_searchers(search, &meaning, contexts);
	while (next_file(search, &list, &file))
		reach(search, from, g_ptr_array_index(search->includes->files, file), contexts);
	g_free(meaning.directory);
}

static void reach_all(struct search *search, const char *header)
{
	struct node *node = node_of(search, header);
	const GArray *names = search->includes->names;

	memcpy(node->contexts, search->contexts->all, search->contexts->words * sizeof(guint64));
	g_queue_push_tail(&search->queue, node);
	while ((node = g_queue_pop_head(&search->queue))) {
		guint next = GPOINTER_TO_UINT(
			g_hash_table_lookup(search->includes->by_base, last_component(node->path)));

		node->queued = FALSE;
		while (next) {
			const struct name *name = &g_array_index(names, struct name, next - 1);

			reach_users(search, node, name);
			next = name->next;
		}
	}
}

static gboolean reaches(const struct search *search, const char *path, guint context)
{
	const struct node *node = g_hash_table_lookup(search->nodes, path);

	return node && has_context(node->contexts, context);
}

static gboolean reaches_unit(const struct search *search, const struct unit *unit, guint context)
{
	const struct options *options = g_ptr_array_index(search->contexts->options, context);

	if (reaches(search, unit->source, context))
		return TRUE;
	for (guint i = 0; i < options->forced->len; i++)
		if (reaches(search, g_ptr_array_index(options->forced, i), context))
			return TRUE;
	return FALSE;
}

/* The index knows no configuration: it has the headers of all architectures. */
static gboolean is_elsewhere(const char *path)
{
	return (g_str_has_prefix(path, "arch/") && !g_str_has_prefix(path, "arch/x86/")) ||
	       g_str_has_prefix(path, "tools/") || g_str_has_prefix(path, "samples/");
}

/* Whether a path ends as a name does that stands in an #include. */
static gboolean may_be_included(const struct includes *includes, const char *path)
{
	guint next = GPOINTER_TO_UINT(g_hash_table_lookup(includes->by_base, last_component(path)));

	while (next) {
		const struct name *name = &g_array_index(includes->names, struct name, next - 1);
		const char *text = name->text;

		while (*text == '.' || *text == '/')
			text++;
		if (g_str_has_suffix(path, text))
			return TRUE;
		next = name->next;
	}
	return FALSE;
}

static void list_files(const struct search *search, const char *header, GPtrArray *files)
{
	g_autoptr(GList) paths =
		g_list_sort(g_hash_table_get_keys(search->nodes), (GCompareFunc)strcmp);

	g_ptr_array_add(files, g_strdup(header));
	for (GList *at = paths; at; at = at->next) {
		const struct node *node = g_hash_table_lookup(search->nodes, at->data);
		/* What is no header is seldom included, and often called as another that is. */
		gboolean included = g_str_has_suffix(node->path, ".h")
					    ? may_be_included(search->includes, node->path)
					    : node->included;

		if (strcmp(node->path, header) && !is_elsewhere(node->path) && included)
			g_ptr_array_add(files, g_strdup(node->path));
	}
}

GPtrArray *includes_units(const struct includes *includes, const struct commands *commands,
			  const char *header, GPtrArray *files)
{
	const GPtrArray *units = commands_units(commands);
	GPtrArray *found = g_ptr_array_new();
	struct search search = {
		.includes = includes,
		.contexts = includes->contexts,
		.nodes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free),
		.queue = G_QUEUE_INIT,
	};

	find_contexts(includes, commands);
	reach_all(&search, header);
	for (guint i = 0; i < units->len; i++)
		if (reaches_unit(&search, g_ptr_array_index(units, i),
				 includes->contexts->of_units[i]))
			g_ptr_array_add(found, g_ptr_array_index(units, i));
	if (files)
		list_files(&search, header, files);

	g_hash_table_unref(search.nodes);
	return found;
}
