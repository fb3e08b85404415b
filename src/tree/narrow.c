/*
 * All headers are read again and again, until no statement that uses a known name names a new one.
 *
 * Names that ## makes are followed if a part of them is written out where the macro is defined or
 * called.  A pasting macro of a header that does not include the changed one, called with two parts
 * of a name that the unit does not write out anywhere, is not seen.
 */
#include "tree/narrow.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "tree/commands.h"
#include "tree/members.h"
#include "tree/paste.h"
#include "tree/statements.h"

/* More names than a change of one header has to do with: the following has got out of hand. */
#define MOST_NAMES 2000

static GHashTable *new_names(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void add_name(GHashTable *names, const struct token *token)
{
	g_hash_table_add(names, g_strndup(token->at, token->length));
}

/* --- what changed ---------------------------------------------------------------------------- */

struct changed {
	const struct narrow_text *text;
	const GArray *runs;
	gboolean patched;
	GHashTable *names, *members;
	gboolean sure;
};

static guint line_of(const struct changed *changed, const struct token *token)
{
	gsize offset = token->at - changed->text->text;
	guint low = 0, high = changed->text->lines->len;

	while (high - low > 1) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(changed->text->lines, struct line, middle).start <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static gboolean is_changed(const struct changed *changed, const struct token *token)
{
	guint line = line_of(changed, token);

	for (guint i = 0; i < changed->runs->len; i++) {
		const struct run *run = &g_array_index(changed->runs, struct run, i);
		guint start = changed->patched ? run->new_start : run->old_start;
		guint count = changed->patched ? run->new_count : run->old_count;

		if (line >= start && line < start + count)
			return TRUE;
	}
	return FALSE;
}

/* By how much a line's directive changes the depth of conditionals; *branches: it is an #else. */
static int depth_change(const struct narrow_text *text, const struct line *line, gboolean *branches)
{
	const char *at = text->text + line->start, *end = text->text + line->end;

	*branches = FALSE;
	while (at < end && g_ascii_isspace(*at))
		at++;
	if (at == end || *at++ != '#')
		return 0;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (end - at >= 2 && !strncmp(at, "if", 2))
		return 1;
	if (end - at >= 5 && !strncmp(at, "endif", 5))
		return -1;
	*branches = end - at >= 4 && (!strncmp(at, "else", 4) || !strncmp(at, "elif", 4));
	return 0;
}

/* Whether all conditionals of a changed run begin and end there: then they say nothing of what is
 * not in the run. */
static gboolean is_closed(const struct changed *changed, const struct run *run)
{
	guint start = changed->patched ? run->new_start : run->old_start;
	guint count = changed->patched ? run->new_count : run->old_count;
	int depth = 0;

	for (guint i = start; i < start + count && depth >= 0; i++) {
		gboolean branches;

		depth += depth_change(changed->text,
				      &g_array_index(changed->text->lines, struct line, i),
				      &branches);
		if (branches && !depth)
			return FALSE;
	}
	return depth == 0;
}

/* Whether a directive is a conditional that matters to its changed run alone. */
static gboolean is_harmless(const struct changed *changed, const struct statement *directive)
{
	guint line = line_of(changed, &directive->tokens[0]);
	gboolean branches;

	if (!depth_change(changed->text, &g_array_index(changed->text->lines, struct line, line),
			  &branches) &&
	    !branches)
		return FALSE;
	for (guint i = 0; i < changed->runs->len; i++) {
		const struct run *run = &g_array_index(changed->runs, struct run, i);
		guint start = changed->patched ? run->new_start : run->old_start;
		guint count = changed->patched ? run->new_count : run->old_count;

		if (line >= start && line < start + count)
			return is_closed(changed, run);
	}
	return FALSE;
}

static void collect_changed(const struct statement *statement, gpointer data)
{
	struct changed *changed = data;
	gboolean any = FALSE;

	for (guint i = 0; i < statement->count && !any; i++)
		any = is_changed(changed, &statement->tokens[i]);
	if (!any || statement_is_forward(statement))
		return;
	if (statement->kind == STATEMENT_CALL ||
	    (statement->kind == STATEMENT_DIRECTIVE && !is_harmless(changed, statement)))
		changed->sure = FALSE;
	for (guint i = 0; i < statement->count; i++) {
		const struct token *token = &statement->tokens[i];

		if (token->flags & TOKEN_NAMED)
			add_name(changed->names, token);
		else if (token->flags & TOKEN_MEMBER && is_changed(changed, token))
			add_name(changed->members, token);
	}
}

/*
 * A member counts if it was there and is there: its type may have changed.  One that is new, or no
 * more, nobody uses whose own text does not change; and if others move for it, the type is refused
 * by whatever unit uses that.
 */
static void add_members(GHashTable *before, GHashTable *after, GHashTable *names)
{
	GHashTableIter iter;
	gpointer name;

	g_hash_table_iter_init(&iter, before);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		if (g_hash_table_contains(after, name))
			g_hash_table_add(names, g_strdup(name));
}

/* Whether all that a run changes is that a struct got the mark of those that keep a member. */
static gboolean is_mark(const struct narrow_text *original, const struct narrow_text *patched,
			const struct run *run)
{
	if (run->old_count != 1 || run->new_count != 1)
		return FALSE;
	const struct line *old = &g_array_index(original->lines, struct line, run->old_start);
	const struct line *new = &g_array_index(patched->lines, struct line, run->new_start);
	gsize length = old->end - old->start, mark = strlen(MEMBERS_MARK);
	const char *was = original->text + old->start, *is = patched->text + new->start;
	const char *at = memmem(is, new->end - new->start, MEMBERS_MARK, mark);

	return at && length + mark == new->end - new->start && !memcmp(was, is, at - is) &&
	       !memcmp(was + (at - is), at + mark, length - (at - is));
}

static GArray *without_marks(const struct narrow_text *original, const struct narrow_text *patched,
			     const GArray *runs)
{
	GArray *rest = g_array_new(FALSE, FALSE, sizeof(struct run));

	for (guint i = 0; i < runs->len; i++) {
		const struct run *run = &g_array_index(runs, struct run, i);

		if (!is_mark(original, patched, run))
			g_array_append_val(rest, *run);
	}
	return rest;
}

GHashTable *narrow_changed_names(const struct narrow_text *original,
				 const struct narrow_text *patched, const GArray *all_runs)
{
	g_autoptr(GArray) runs = without_marks(original, patched, all_runs);
	const struct narrow_text *const texts[] = {original, patched};
	g_autoptr(GHashTable) names = new_names();
	g_autoptr(GHashTable) members_before = new_names();
	g_autoptr(GHashTable) members_after = new_names();
	GHashTable *const members[] = {members_before, members_after};
	gboolean sure = TRUE;

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct changed changed = {texts[i], runs, i == 1, names, members[i], TRUE};

		if (texts[i]->lines->len)
			statements_read(texts[i]->text, texts[i]->size, collect_changed, &changed);
		sure = sure && changed.sure;
	}
	add_members(members_before, members_after, names);
	return sure ? g_steal_pointer(&names) : NULL;
}

/* --- what uses it ---------------------------------------------------------------------------- */

struct following {
	const struct kernel *kernel;
	const struct overlay *overlay;
	GHashTable *names;
	GHashTable *pasters;  /* macro to its patterns (tree/paste.h), those of all its definitions;
				 owned */
	guint patterns;	      /* so many are there */
	gboolean events;      /* a tracepoint has to do with a name */
	const char *path;     /* of the file that is read */
	GHashTable *emitting; /* set of paths, owned: see narrow_units() */
	gboolean sure;
	gboolean used; /* a name is used in the text that was read last */
};

/* What a table has for a word; a set has the word itself. */
static gpointer lookup(GHashTable *table, const struct token *token)
{
	char name[128];

	if (token->length >= sizeof(name))
		return NULL;
	memcpy(name, token->at, token->length);
	name[token->length] = '\0';
	return g_hash_table_lookup(table, name);
}

/* Whether one of the patterns of a macro can make a name that is followed. */
static gboolean makes_name(const struct following *following, const GPtrArray *patterns,
			   const GPtrArray *arguments)
{
	const struct token *const *words = arguments ? (gpointer)arguments->pdata : NULL;
	GHashTableIter iter;
	gpointer name;

	for (guint i = 0; i < patterns->len; i++) {
		g_hash_table_iter_init(&iter, following->names);
		while (g_hash_table_iter_next(&iter, &name, NULL))
			if (paste_makes(patterns->pdata[i], words, arguments ? arguments->len : 0,
					name))
				return TRUE;
	}
	return FALSE;
}

/*
 * Whether a macro that pastes is called with the parts of a name.  What is an argument of ## is
 * taken as it is written, unless another macro's definition hands on what it was given.  One that
 * is no call hands the macro on, to be called elsewhere.
 */
static gboolean call_makes_name(const struct following *following,
				const struct statement *statement, guint at)
{
	const GPtrArray *patterns = lookup(following->pasters, &statement->tokens[at]);
	g_autoptr(GPtrArray) arguments = NULL;

	if (!patterns || (statement->kind == STATEMENT_DEFINE && at == 1))
		return FALSE;
	arguments = paste_arguments(statement, at);
	return makes_name(following, patterns, arguments);
}

static void learn_paster(struct following *following, const struct statement *define)
{
	const struct token *macro = &define->tokens[1];
	g_autoptr(GPtrArray) patterns = paste_patterns(define);
	g_autofree char *name = NULL;
	GPtrArray *known;

	if (!patterns)
		return;
	name = g_strndup(macro->at, macro->length);
	known = g_hash_table_lookup(following->pasters, name);
	if (!known) {
		known = g_ptr_array_new_with_free_func(g_free);
		g_hash_table_insert(following->pasters, g_steal_pointer(&name), known);
	}
	for (guint i = 0; i < patterns->len; i++) {
		if (g_ptr_array_find_with_equal_func(known, patterns->pdata[i], g_str_equal, NULL))
			continue;
		g_ptr_array_add(known, g_strdup(patterns->pdata[i]));
		following->patterns++;
	}
}

/* "#include <a/b.h>": what stands there are no names. */
static gboolean is_include(const struct statement *statement)
{
	return statement->kind == STATEMENT_DIRECTIVE && statement->count > 1 &&
	       token_is(&statement->tokens[0], "include") && token_is(&statement->tokens[1], "<");
}

static gboolean uses(struct following *following, const struct statement *statement)
{
	if (statement->kind == STATEMENT_DEFINE)
		learn_paster(following, statement);
	if (is_include(statement))
		return FALSE;
	for (guint i = 0; i < statement->count; i++)
		if (statement->tokens[i].flags & TOKEN_WORD &&
		    (lookup(following->names, &statement->tokens[i]) ||
		     call_makes_name(following, statement, i)))
			return TRUE;
	return FALSE;
}

/* Macros that define a tracepoint or a class of such (include/linux/tracepoint.h), and nothing
 * else; their first arguments are its names. */
static gboolean is_event(const struct statement *statement)
{
	static const char *const macros[] = {"DECLARE_EVENT_CLASS",   "DECLARE_TRACE",
					     "DEFINE_EVENT",	      "DEFINE_EVENT_PRINT",
					     "DEFINE_EVENT_FN",	      "DEFINE_EVENT_CONDITION",
					     "TRACE_EVENT",	      "TRACE_EVENT_FN",
					     "TRACE_EVENT_CONDITION", NULL};
	guint end;

	if (statement->kind != STATEMENT_CALL || !token_in(&statement->tokens[0], macros))
		return FALSE;
	end = tokens_skip_parentheses(statement->tokens, statement->count, 1);
	/* Just this one call. */
	return end + 1 == statement->count && token_is(&statement->tokens[end], ";");
}

/* Who calls the tracepoint sees its prototype; the code around it is made by the units that say
 * CREATE_TRACE_POINTS. */
static void follow_event(struct following *following, const struct statement *statement)
{
	static const char *const calls[] = {"trace_%.*s", "trace_%.*s_rcuidle"};
	g_autoptr(GPtrArray) arguments = paste_arguments(statement, 0);

	following->events = TRUE;
	for (guint i = 0; i < MIN(arguments->len, 2); i++) {
		const struct token *name = g_ptr_array_index(arguments, i);

		for (gsize j = 0; name && j < G_N_ELEMENTS(calls); j++)
			g_hash_table_add(following->names,
					 g_strdup_printf(calls[j], (int)name->length, name->at));
	}
}

/* "EXPORT_SYMBOL(x);" gives no name a meaning. */
static gboolean is_export(const struct statement *statement)
{
	static const char *const macros[] = {"EXPORT_SYMBOL", "EXPORT_SYMBOL_GPL", NULL};

	return statement->kind == STATEMENT_CALL && statement->count == 5 &&
	       token_in(&statement->tokens[0], macros);
}

/* Whether it is a definition that each unit that includes it has, even if it does not name it. */
static gboolean is_emitted(const struct statement *statement)
{
	static const char *const kept[] = {"__used", "__section", NULL};
	static const char *const others[] = {"static",		"inline", "__inline", "__inline__",
					     "__always_inline", "extern", "typedef",  NULL};
	gboolean other = FALSE;

	for (guint i = 0; statement->kind == STATEMENT_CODE && i < statement->count; i++) {
		const struct token *token = &statement->tokens[i];

		if (token_in(token, kept))
			other = FALSE;
		else if (token_is(token, "{") || token_is(token, "="))
			return !other;
		else
			other = other || token_in(token, others);
	}
	return FALSE;
}

/* What a header does with the names. */
static void follow_statement(const struct statement *statement, gpointer data)
{
	struct following *following = data;

	if (!uses(following, statement) || is_export(statement))
		return;
	if (is_event(statement)) {
		follow_event(following, statement);
		return;
	}
	if (is_emitted(statement))
		g_hash_table_add(following->emitting, g_strdup(following->path));
	if (statement->kind == STATEMENT_CALL || statement->kind == STATEMENT_DIRECTIVE)
		following->sure = FALSE;
	for (guint i = 0; i < statement->count; i++)
		if (statement->tokens[i].flags & TOKEN_NAMED)
			add_name(following->names, &statement->tokens[i]);
}

/* What a unit's own source does with them. */
static void look_at_statement(const struct statement *statement, gpointer data)
{
	struct following *following = data;
	gboolean creates = following->events && statement->kind == STATEMENT_DEFINE &&
			   token_is(&statement->tokens[1], "CREATE_TRACE_POINTS");

	following->used = following->used || creates || uses(following, statement);
}

/* The text of a path of either tree, without the patches; NULL if there is none such now. */
static GBytes *text_of(const struct kernel *kernel, const char *path)
{
	const char *const roots[] = {kernel->source, kernel->build};

	for (gsize i = 0; i < G_N_ELEMENTS(roots); i++) {
		g_autofree char *file = g_build_filename(roots[i], path, NULL);

		if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
			return files_map(file, NULL);
	}
	return NULL;
}

static void read_file(struct following *following, const char *path, statement_function *function)
{
	g_autoptr(GBytes) text = text_of(following->kernel, path);
	g_autofree char *file = g_build_filename(following->overlay->plain_root, path, NULL);
	g_autoptr(GBytes) patched = NULL;
	gsize size;

	following->path = path;
	if (text) {
		const char *data = g_bytes_get_data(text, &size);
		statements_read(data, size, function, following);
	}
	/* Only what the patches change is a file of its own there. */
	if (!g_file_test(file, G_FILE_TEST_IS_REGULAR) || g_file_test(file, G_FILE_TEST_IS_SYMLINK))
		return;
	patched = files_map(file, NULL);
	if (patched) {
		const char *data = g_bytes_get_data(patched, &size);
		statements_read(data, size, function, following);
	}
}

static gboolean is_header(const char *path)
{
	return g_str_has_suffix(path, ".h");
}

static void add_headers_of(const struct following *following, const char *directory,
			   GHashTable *known, GPtrArray *files)
{
	g_autofree char *path = g_build_filename(following->kernel->source, directory, NULL);
	g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
	const char *name;

	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *file = g_build_filename(directory, name, NULL);

		if (is_header(name) && g_hash_table_add(known, g_strdup(file)))
			g_ptr_array_add(files, g_steal_pointer(&file));
	}
}

/*
 * The files, and the headers that lie beside units: one may use a name though it does not include
 * what defines it, if the units do so before.  Of char *, owned; caller unrefs.
 */
static GPtrArray *with_neighbours(const struct following *following, const GPtrArray *files,
				  const GPtrArray *units)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) read = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < files->len; i++) {
		g_ptr_array_add(all, g_strdup(g_ptr_array_index(files, i)));
		g_hash_table_add(known, g_strdup(g_ptr_array_index(files, i)));
	}
	for (guint i = 0; i < units->len; i++) {
		const struct unit *unit = g_ptr_array_index(units, i);
		char *directory = g_path_get_dirname(unit->source);

		if (g_hash_table_add(read, directory))
			add_headers_of(following, directory, known, all);
	}
	return all;
}

/* Reads all headers until nothing is new.  FALSE if the names can't be followed. */
static gboolean follow_headers(struct following *following, const GPtrArray *files)
{
	guint known;

	do {
		known = g_hash_table_size(following->names) + following->patterns;
		for (guint i = 0; i < files->len && following->sure; i++)
			if (is_header(g_ptr_array_index(files, i)))
				read_file(following, g_ptr_array_index(files, i), follow_statement);
		if (g_hash_table_size(following->names) > MOST_NAMES)
			following->sure = FALSE;
	} while (following->sure &&
		 known < g_hash_table_size(following->names) + following->patterns);
	return following->sure;
}

/* A file that a unit includes, but that is neither a header nor a unit, may be any code. */
static void follow_included(struct following *following, const GPtrArray *files,
			    const GPtrArray *units)
{
	g_autoptr(GHashTable) sources = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < units->len; i++) {
		const struct unit *unit = g_ptr_array_index(units, i);

		g_hash_table_add(sources, (gpointer)unit->source);
	}
	for (guint i = 0; i < files->len && following->sure; i++) {
		const char *path = g_ptr_array_index(files, i);

		if (is_header(path) || g_hash_table_contains(sources, path))
			continue;
		following->used = FALSE;
		read_file(following, path, look_at_statement);
		following->sure = !following->used;
	}
}

static GPtrArray *using_units(struct following *following, const GPtrArray *units)
{
	GPtrArray *found = g_ptr_array_new();

	for (guint i = 0; i < units->len; i++) {
		const struct unit *unit = g_ptr_array_index(units, i);

		following->used = FALSE;
		read_file(following, unit->source, look_at_statement);
		if (following->used)
			g_ptr_array_add(found, (gpointer)unit);
	}
	return found;
}

GPtrArray *narrow_units(const struct kernel *kernel, const struct overlay *overlay,
			GHashTable *names, const GPtrArray *files, const GPtrArray *units,
			GHashTable *emitting)
{
	struct following following = {
		.emitting = emitting,
		.kernel = kernel,
		.overlay = overlay,
		.names = new_names(),
		.pasters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						 (GDestroyNotify)g_ptr_array_unref),
		.sure = TRUE,
	};
	g_autoptr(GPtrArray) all = with_neighbours(&following, files, units);
	GPtrArray *found = NULL;
	GHashTableIter iter;
	gpointer name;

	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_hash_table_add(following.names, g_strdup(name));
	if (follow_headers(&following, all))
		follow_included(&following, files, units);
	if (following.sure)
		found = using_units(&following, units);
	g_hash_table_unref(following.names);
	g_hash_table_unref(following.pasters);
	return found;
}
