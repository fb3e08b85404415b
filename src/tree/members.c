/*
 * All by text: whether the struct is laid out as before is for the comparison of types to say, by
 * what the compiler made of it.
 */
#include "tree/members.h"

#include <string.h>

#include "tree/lines.h"
#include "tree/statements.h"

#define ATTRIBUTE " __attribute__((designated_init))"

/* A struct with its members: tokens [first, end) of a side's, the members from `body` on. */
struct definition {
	guint first, body, end;
	struct token name;
};

/* One of the two texts. */
struct side {
	const char *text;
	GArray *lines;	     /* of struct line */
	GArray *tokens;	     /* of struct token: those of no directive */
	GArray *definitions; /* of struct definition */
};

/* The tokens of a run on one side: [first, first + count). */
struct range {
	guint first, count;
	gboolean directives;
};

/* What a run is made of on both sides. */
struct tokens_run {
	const struct run *run;
	struct range original, patched;
};

/* Text to put in another's place. */
struct edit {
	gsize at, length;
	const char *text;
	gsize text_length;
};

static gboolean tokens_equal(const struct token *one, const struct token *other)
{
	return one->length == other->length && !memcmp(one->at, other->at, one->length);
}

static const struct token *token_at(const struct side *side, guint i)
{
	return &g_array_index(side->tokens, struct token, i);
}

/* ---- the structs of a text ---- */

/* "struct NAME {...};" or "typedef struct {...} NAME;" */
static void add_definition(struct side *side, guint first, guint end)
{
	struct definition definition = {.first = first, .body = first, .end = end};

	while (definition.body < end && !token_is(token_at(side, definition.body), "{"))
		definition.body++;
	if (definition.body - first < 1 || definition.body + 2 >= end)
		return;
	const struct token *before = token_at(side, definition.body - 1);
	if (token_is(before, "struct"))
		definition.name = *token_at(side, end - 2);
	else if (definition.body - first > 1 && token_is(before - 1, "struct"))
		definition.name = *before;
	definition.body++;
	if (definition.name.flags & TOKEN_WORD)
		g_array_append_val(side->definitions, definition);
}

static void take_statement(const struct statement *statement, gpointer data)
{
	struct side *side = data;
	guint first = side->tokens->len;

	if (statement->kind == STATEMENT_DEFINE || statement->kind == STATEMENT_DIRECTIVE)
		return;
	g_array_append_vals(side->tokens, statement->tokens, statement->count);
	if (statement->kind == STATEMENT_TYPE)
		add_definition(side, first, side->tokens->len);
}

static void read_side(struct side *side, const char *text, gsize size)
{
	side->text = text;
	side->lines = lines_read(text, size);
	side->tokens = g_array_new(FALSE, FALSE, sizeof(struct token));
	side->definitions = g_array_new(FALSE, FALSE, sizeof(struct definition));
	statements_read(text, size, take_statement, side);
}

static void clear_side(struct side *side)
{
	g_array_unref(side->lines);
	g_array_unref(side->tokens);
	g_array_unref(side->definitions);
}

/* The one of that name; NULL if there is none, or more than one. */
static const struct definition *find_definition(const struct side *side, const struct token *name)
{
	const struct definition *found = NULL;

	for (guint i = 0; i < side->definitions->len; i++) {
		const struct definition *definition =
			&g_array_index(side->definitions, struct definition, i);

		if (!tokens_equal(&definition->name, name))
			continue;
		if (found)
			return NULL;
		found = definition;
	}
	return found;
}

static gboolean has_token(const struct side *side, const struct definition *definition,
			  const struct token *token)
{
	for (guint i = definition->body; i < definition->end; i++)
		if (tokens_equal(token_at(side, i), token))
			return TRUE;
	return FALSE;
}

/* ---- runs ---- */

/* The first token that does not begin before an offset. */
static guint first_token(const struct side *side, gsize offset)
{
	guint low = 0, high = side->tokens->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if ((gsize)(token_at(side, middle)->at - side->text) < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static gsize line_start(const GArray *lines, guint line)
{
	if (line < lines->len)
		return g_array_index(lines, struct line, line).start;
	return lines->len ? g_array_index(lines, struct line, lines->len - 1).end : 0;
}

static struct range range_of(const struct side *side, guint start, guint count)
{
	guint first = first_token(side, line_start(side->lines, start));
	guint end = count ? first_token(side, line_start(side->lines, start + count)) : first;
	struct range range = {first, end - first, FALSE};

	for (guint i = start; i < start + count && i < side->lines->len; i++)
		range.directives |=
			g_array_index(side->lines, struct line, i).flags & LINE_DIRECTIVE;
	return range;
}

static gboolean lies_in(const struct range *range, const struct definition *definition)
{
	return range->first >= definition->body &&
	       range->first + range->count <= definition->end - 2;
}

/* Whether tokens are members of the struct itself, from the first of one to the last of one; with
 * a name, by which uses are known. */
static gboolean are_members(const struct side *side, const struct definition *definition,
			    const struct range *range)
{
	gboolean named = FALSE;
	guint depth = 0;

	for (guint i = definition->body; i < range->first + range->count; i++) {
		const struct token *token = token_at(side, i);

		if (i == range->first && depth)
			return FALSE;
		named |= i >= range->first && token->flags & TOKEN_MEMBER;
		if (token_is(token, "{"))
			depth++;
		else if (token_is(token, "}") && !depth--)
			return FALSE;
	}
	const struct token *before = token_at(side, range->first - 1);
	const struct token *last = token_at(side, range->first + range->count - 1);
	return named && !depth && token_is(last, ";") &&
	       (range->first == definition->body || token_is(before, ";"));
}

/* Whether all of these members are locks: they hold nothing that somebody may want to know. */
static gboolean are_locks(const struct side *side, const struct range *range)
{
	static const char *const types[] = {"spinlock_t", "raw_spinlock_t", "rwlock_t", "mutex",
					    "rw_semaphore"};

	for (guint i = range->first; i < range->first + range->count; i++) {
		gboolean lock = FALSE;

		if (!(token_at(side, i)->flags & TOKEN_MEMBER))
			continue;
		for (gsize j = 0; j < G_N_ELEMENTS(types); j++)
			lock |= token_is(token_at(side, i - 1), types[j]);
		if (!lock)
			return FALSE;
	}
	return TRUE;
}

struct keeping {
	const struct members_file *file;
	GHashTable *words;
	GPtrArray *notes;
	struct side original, patched;
	GArray *runs;  /* of struct tokens_run */
	GArray *edits; /* of struct edit */
};

static gboolean may_stay(const struct keeping *keeping, const struct definition *original,
			 const struct definition *patched, const struct range *range)
{
	for (guint i = range->first; i < range->first + range->count; i++) {
		const struct token *token = token_at(&keeping->original, i);

		if (token->flags & TOKEN_MEMBER && has_token(&keeping->patched, patched, token))
			return FALSE;
	}
	return are_members(&keeping->original, original, range) &&
	       are_locks(&keeping->original, range);
}

static guint count_in(const struct side *side, const struct range *range, const struct token *token)
{
	guint count = 0;

	for (guint i = range->first; i < range->first + range->count; i++)
		count += tokens_equal(token_at(side, i), token);
	return count;
}

static gboolean is_unused(const struct keeping *keeping, const struct definition *patched,
			  const struct range *range)
{
	for (guint i = range->first; i < range->first + range->count; i++) {
		const struct token *token = token_at(&keeping->patched, i);

		if (!(token->flags & TOKEN_MEMBER))
			continue;
		g_autofree char *word = g_strndup(token->at, token->length);
		if (GPOINTER_TO_UINT(g_hash_table_lookup(keeping->words, word)) >
		    count_in(&keeping->patched, range, token))
			return FALSE;
	}
	return are_members(&keeping->patched, patched, range);
}

/* Whether a run in a struct can be undone, or is nothing but comments. */
static gboolean may_be_undone(const struct keeping *keeping, const struct tokens_run *run,
			      const struct definition *original, const struct definition *patched)
{
	if (run->original.directives || run->patched.directives ||
	    !lies_in(&run->original, original) || !lies_in(&run->patched, patched))
		return FALSE;
	if (run->original.count && !run->patched.count)
		return may_stay(keeping, original, patched, &run->original);
	if (run->patched.count && !run->original.count)
		return is_unused(keeping, patched, &run->patched);
	return !run->original.count;
}

static gboolean meets(const struct range *range, const struct definition *definition)
{
	return range->first < definition->end && range->first + range->count > definition->first;
}

/* ---- what stays as it was ---- */

static void note_members(const struct keeping *keeping, const struct definition *definition,
			 const struct side *side, const struct range *range, const char *format)
{
	g_autofree char *name = g_strndup(definition->name.at, definition->name.length);

	for (guint i = range->first; i < range->first + range->count; i++) {
		const struct token *token = token_at(side, i);

		if (!(token->flags & TOKEN_MEMBER))
			continue;
		g_autofree char *member = g_strndup(token->at, token->length);
		g_ptr_array_add(keeping->notes, g_strconcat(name, format, member, NULL));
	}
}

static void undo(struct keeping *keeping, const struct run *run)
{
	gsize from = line_start(keeping->original.lines, run->old_start);
	gsize to = line_start(keeping->original.lines, run->old_start + run->old_count);
	gsize at = line_start(keeping->patched.lines, run->new_start);
	struct edit edit = {
		.at = at,
		.length = line_start(keeping->patched.lines, run->new_start + run->new_count) - at,
		.text = keeping->original.text + from,
		.text_length = to - from,
	};

	g_array_append_val(keeping->edits, edit);
}

/* Has the compiler refuse values of a struct that are listed without the names of its members. */
static void want_names(struct keeping *keeping, const struct definition *definition)
{
	guint keyword = definition->body - 2;

	if (!token_is(token_at(&keeping->patched, keyword), "struct"))
		keyword--;
	const struct token *token = token_at(&keeping->patched, keyword);
	struct edit edit = {
		.at = token->at + token->length - keeping->patched.text,
		.text = ATTRIBUTE,
		.text_length = strlen(ATTRIBUTE),
	};

	g_array_append_val(keeping->edits, edit);
}

static void keep_runs(struct keeping *keeping, const GPtrArray *runs,
		      const struct definition *original, const struct definition *patched)
{
	gboolean between = FALSE;

	for (guint i = 0; i < runs->len; i++) {
		const struct tokens_run *run = g_ptr_array_index(runs, i);

		if (!run->original.count && !run->patched.count)
			continue;
		undo(keeping, run->run);
		note_members(keeping, original, &keeping->original, &run->original,
			     " keeps its member ");
		note_members(keeping, patched, &keeping->patched, &run->patched,
			     " does not get the member ");
		between |= run->original.count &&
			   run->original.first + run->original.count < original->end - 2;
	}
	if (between)
		want_names(keeping, patched);
}

/* Keeps a struct as it was, or does nothing: half of that would help nobody. */
static void keep_definition(struct keeping *keeping, const struct definition *original)
{
	const struct definition *patched = find_definition(&keeping->patched, &original->name);
	g_autoptr(GPtrArray) runs = g_ptr_array_new();

	if (!patched || find_definition(&keeping->original, &original->name) != original)
		return;
	for (guint i = 0; i < keeping->runs->len; i++) {
		struct tokens_run *run = &g_array_index(keeping->runs, struct tokens_run, i);

		if (!meets(&run->original, original) && !meets(&run->patched, patched))
			continue;
		if (!may_be_undone(keeping, run, original, patched))
			return;
		g_ptr_array_add(runs, run);
	}
	keep_runs(keeping, runs, original, patched);
}

static void read_runs(struct keeping *keeping)
{
	const GArray *runs = keeping->file->runs;

	keeping->runs = g_array_new(FALSE, FALSE, sizeof(struct tokens_run));
	for (guint i = 0; i < runs->len; i++) {
		const struct run *run = &g_array_index(runs, struct run, i);
		struct tokens_run found = {
			run,
			range_of(&keeping->original, run->old_start, run->old_count),
			range_of(&keeping->patched, run->new_start, run->new_count),
		};

		g_array_append_val(keeping->runs, found);
	}
}

static gint compare_edits(gconstpointer a, gconstpointer b)
{
	const struct edit *one = a, *other = b;

	return one->at < other->at ? -1 : one->at > other->at;
}

static char *edited(const struct keeping *keeping, gsize *size)
{
	const struct members_file *file = keeping->file;
	GString *text = g_string_new(NULL);
	gsize at = 0;

	g_array_sort(keeping->edits, compare_edits);
	for (guint i = 0; i < keeping->edits->len; i++) {
		const struct edit *edit = &g_array_index(keeping->edits, struct edit, i);

		g_string_append_len(text, file->patched + at, edit->at - at);
		g_string_append_len(text, edit->text, edit->text_length);
		at = edit->at + edit->length;
	}
	g_string_append_len(text, file->patched + at, file->patched_size - at);
	*size = text->len;
	return g_string_free(text, FALSE);
}

char *members_keep(const struct members_file *file, GHashTable *words, GPtrArray *notes,
		   gsize *size)
{
	struct keeping keeping = {.file = file, .words = words, .notes = notes};
	char *text = NULL;

	read_side(&keeping.original, file->original, file->original_size);
	read_side(&keeping.patched, file->patched, file->patched_size);
	read_runs(&keeping);
	keeping.edits = g_array_new(FALSE, FALSE, sizeof(struct edit));
	for (guint i = 0; i < keeping.original.definitions->len; i++)
		keep_definition(&keeping,
				&g_array_index(keeping.original.definitions, struct definition, i));
	if (keeping.edits->len)
		text = edited(&keeping, size);
	g_array_unref(keeping.edits);
	g_array_unref(keeping.runs);
	clear_side(&keeping.original);
	clear_side(&keeping.patched);
	return text;
}

/* ---- words ---- */

struct counting {
	const struct members_file *file;
	const GArray *lines; /* of struct line, the patched text's */
	GHashTable *words;
};

static gboolean is_new(const struct counting *counting, const struct token *token)
{
	gsize at = token->at - counting->file->patched;

	for (guint i = 0; i < counting->file->runs->len; i++) {
		const struct run *run = &g_array_index(counting->file->runs, struct run, i);

		if (at >= line_start(counting->lines, run->new_start) &&
		    at < line_start(counting->lines, run->new_start + run->new_count))
			return TRUE;
	}
	return FALSE;
}

static void count_statement(const struct statement *statement, gpointer data)
{
	const struct counting *counting = data;

	for (guint i = 0; i < statement->count; i++) {
		const struct token *token = &statement->tokens[i];

		if (!(token->flags & TOKEN_WORD) || !is_new(counting, token))
			continue;
		char *word = g_strndup(token->at, token->length);
		guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counting->words, word));
		g_hash_table_replace(counting->words, word, GUINT_TO_POINTER(count + 1));
	}
}

void members_count_words(const struct members_file *file, GHashTable *words)
{
	g_autoptr(GArray) lines = lines_read(file->patched, file->patched_size);
	struct counting counting = {file, lines, words};

	statements_read(file->patched, file->patched_size, count_statement, &counting);
}
