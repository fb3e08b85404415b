/*
 * All by text: whether the struct is laid out as before is for the comparison of types to say, by
 * what the compiler made of it.
 */
#include "tree/members.h"

#include <string.h>

#include "tree/lines.h"
#include "tree/statements.h"

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

static gboolean tokens_equal(const struct token *one, const struct token *other)
{
	return one->length == other->length && !memcmp(one->at, other->at, one->length);
}

static const struct token *token_at(const struct side *side, guint i)
{
	return &g_array_index(side->tokens, struct token, i);
}

/* ---- the structs of a text ---- */

/* "struct NAME {...};" or "typedef struct {...} NAME;".  One without members is there for who
 * builds without what the other of that name is for. */
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
	if (definition.name.flags & TOKEN_WORD && !token_is(token_at(side, definition.body), "}"))
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

static struct range range_of(const struct side *side, guint start, guint count)
{
	guint first = first_token(side, changed_line_start(side->lines, start));
	guint end =
		count ? first_token(side, changed_line_start(side->lines, start + count)) : first;
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

/* The type of the member that a token is the name of, if it is one of those that can be shadow
 * variables; else NULL. */
static const struct shadow_type *shadow_type_at(const struct side *side, guint i)
{
	return token_at(side, i)->flags & TOKEN_MEMBER ? shadows_type(token_at(side, i - 1)) : NULL;
}

/* Whether all of these members are such: they hold nothing that somebody may want to know. */
static gboolean hold_nothing(const struct side *side, const struct range *range)
{
	for (guint i = range->first; i < range->first + range->count; i++)
		if (token_at(side, i)->flags & TOKEN_MEMBER && !shadow_type_at(side, i))
			return FALSE;
	return TRUE;
}

struct keeping {
	const struct changed_text *file;
	GHashTable *words;
	const GPtrArray *shadows; /* what may become a shadow variable; NULL: all that can */
	struct side original, patched;
	GArray *runs;	  /* of struct tokens_run */
	GArray *edits;	  /* of struct edit */
	GPtrArray *notes; /* of char *, owned */
	GPtrArray *found; /* of struct shadow, owned: those of structs that are kept */
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
	       hold_nothing(&keeping->original, range);
}

static guint count_in(const struct side *side, const struct range *range, const struct token *token)
{
	guint count = 0;

	for (guint i = range->first; i < range->first + range->count; i++)
		count += tokens_equal(token_at(side, i), token);
	return count;
}

static gboolean is_unused(const struct keeping *keeping, const struct range *range,
			  const struct token *token)
{
	g_autofree char *word = g_strndup(token->at, token->length);

	return GPOINTER_TO_UINT(g_hash_table_lookup(keeping->words, word)) <=
	       count_in(&keeping->patched, range, token);
}

/* A new member that may become a shadow variable; NULL if it may not. */
static struct shadow *find_shadow(const struct keeping *keeping, const struct definition *patched,
				  guint i)
{
	const struct shadow_type *type = shadow_type_at(&keeping->patched, i);
	const struct token *token = token_at(&keeping->patched, i);
	AUTO(shadow) shadow = NULL;

	if (!type || !token_is(token + 1, ";"))
		return NULL;
	shadow = g_new0(struct shadow, 1);
	shadow->structure = g_strndup(patched->name.at, patched->name.length);
	shadow->member = g_strndup(token->at, token->length);
	shadow->is_typedef = token_is(token_at(&keeping->patched, patched->body - 2), "struct");
	shadow->type = type;
	for (guint j = 0; keeping->shadows && j < keeping->shadows->len; j++) {
		const struct shadow *other = g_ptr_array_index(keeping->shadows, j);

		if (!strcmp(other->structure, shadow->structure) &&
		    !strcmp(other->member, shadow->member))
			return g_steal_pointer(&shadow);
	}
	return keeping->shadows ? NULL : g_steal_pointer(&shadow);
}

static gboolean may_stay_out(const struct keeping *keeping, const struct definition *patched,
			     const struct range *range)
{
	for (guint i = range->first; i < range->first + range->count; i++) {
		const struct token *token = token_at(&keeping->patched, i);
		AUTO(shadow) shadow = NULL;

		if (!(token->flags & TOKEN_MEMBER) || is_unused(keeping, range, token))
			continue;
		shadow = find_shadow(keeping, patched, i);
		if (!shadow)
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
	return (!run->original.count || may_stay(keeping, original, patched, &run->original)) &&
	       (!run->patched.count || may_stay_out(keeping, patched, &run->patched));
}

static gboolean meets(const struct range *range, const struct definition *definition)
{
	return range->first < definition->end && range->first + range->count > definition->first;
}

/* ---- what stays as it was ---- */

static void note(const struct keeping *keeping, const struct definition *definition,
		 const char *format, const struct token *member)
{
	g_autofree char *name = g_strndup(definition->name.at, definition->name.length);

	g_ptr_array_add(keeping->notes, g_strdup_printf("%s %s %.*s", name, format,
							(int)member->length, member->at));
}

static void note_kept(struct keeping *keeping, const struct definition *original,
		      const struct range *range)
{
	for (guint i = range->first; i < range->first + range->count; i++)
		if (token_at(&keeping->original, i)->flags & TOKEN_MEMBER)
			note(keeping, original, "keeps its member",
			     token_at(&keeping->original, i));
}

/* Its functions stand behind the struct, on a line of their own: the struct is as it was. */
static void define_shadow(struct keeping *keeping, const struct definition *patched,
			  const struct shadow *shadow)
{
	const struct token *last = token_at(&keeping->patched, patched->end - 1);
	const char *text = keeping->patched.text;
	gsize at = last->at + last->length - text, size = keeping->file->patched_size;
	g_autofree char *functions = shadows_define(shadow);

	while (at < size && text[at++] != '\n')
		;
	edits_add(keeping->edits, at, 0, functions, strlen(functions));
}

static void leave_out(struct keeping *keeping, const struct definition *patched,
		      const struct range *range)
{
	for (guint i = range->first; i < range->first + range->count; i++) {
		const struct token *token = token_at(&keeping->patched, i);
		AUTO(shadow) shadow = NULL;

		if (!(token->flags & TOKEN_MEMBER))
			continue;
		shadow = is_unused(keeping, range, token) ? NULL : find_shadow(keeping, patched, i);
		if (!shadow) {
			note(keeping, patched, "does not get the member", token);
			continue;
		}
		note(keeping, patched, "has a shadow variable instead of the new member", token);
		define_shadow(keeping, patched, shadow);
		g_ptr_array_add(keeping->found, g_steal_pointer(&shadow));
	}
}

static void undo(struct keeping *keeping, const struct run *run)
{
	gsize from = changed_line_start(keeping->original.lines, run->old_start);
	gsize to = changed_line_start(keeping->original.lines, run->old_start + run->old_count);
	gsize at = changed_line_start(keeping->patched.lines, run->new_start);

	edits_add(keeping->edits, at,
		  changed_line_start(keeping->patched.lines, run->new_start + run->new_count) - at,
		  keeping->original.text + from, to - from);
}

/* Has the compiler refuse values of a struct that are listed without the names of its members. */
static void want_names(struct keeping *keeping, const struct definition *definition)
{
	guint keyword = definition->body - 2;

	if (!token_is(token_at(&keeping->patched, keyword), "struct"))
		keyword--;
	const struct token *token = token_at(&keeping->patched, keyword);

	edits_add(keeping->edits, token->at + token->length - keeping->patched.text, 0,
		  MEMBERS_MARK, strlen(MEMBERS_MARK));
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
		note_kept(keeping, original, &run->original);
		leave_out(keeping, patched, &run->patched);
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

/* Fills edits, notes and what was found; the caller clears all of it. */
static void keep_definitions(struct keeping *keeping)
{
	const struct changed_text *file = keeping->file;

	read_side(&keeping->original, file->original, file->original_size);
	read_side(&keeping->patched, file->patched, file->patched_size);
	read_runs(keeping);
	keeping->edits = edits_new();
	keeping->notes = g_ptr_array_new_with_free_func(g_free);
	keeping->found = g_ptr_array_new_with_free_func((GDestroyNotify)shadow_free);
	for (guint i = 0; i < keeping->original.definitions->len; i++)
		keep_definition(keeping, &g_array_index(keeping->original.definitions,
							struct definition, i));
}

static void keeping_clear(struct keeping *keeping)
{
	g_array_unref(keeping->edits);
	g_array_unref(keeping->runs);
	g_ptr_array_unref(keeping->notes);
	g_ptr_array_unref(keeping->found);
	clear_side(&keeping->original);
	clear_side(&keeping->patched);
}

GPtrArray *members_find_shadows(const struct changed_text *file, GHashTable *words)
{
	struct keeping keeping = {.file = file, .words = words};
	GPtrArray *shadows;

	keep_definitions(&keeping);
	shadows = g_ptr_array_ref(keeping.found);
	keeping_clear(&keeping);
	return shadows;
}

char *members_keep(const struct changed_text *file, GHashTable *words, const GPtrArray *shadows,
		   GPtrArray *notes, gsize *size)
{
	struct keeping keeping = {.file = file, .words = words, .shadows = shadows};
	char *text = NULL;

	keep_definitions(&keeping);
	shadows_rewrite(shadows, file, keeping.edits);
	if (keeping.edits->len)
		text = edits_make(keeping.edits, file->patched, file->patched_size, size);
	for (guint i = 0; i < keeping.notes->len; i++)
		g_ptr_array_add(notes, g_strdup(keeping.notes->pdata[i]));
	keeping_clear(&keeping);
	return text;
}

/* ---- words ---- */

struct counting {
	const struct changed_bytes *changed;
	GHashTable *words;
};

static void count_statement(const struct statement *statement, gpointer data)
{
	const struct counting *counting = data;

	for (guint i = 0; i < statement->count; i++) {
		const struct token *token = &statement->tokens[i];

		if (!(token->flags & TOKEN_WORD) || !changed_has(counting->changed, token->at))
			continue;
		char *word = g_strndup(token->at, token->length);
		guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counting->words, word));
		g_hash_table_replace(counting->words, word, GUINT_TO_POINTER(count + 1));
	}
}

void members_count_words(const struct changed_text *file, GHashTable *words)
{
	AUTO(changed_bytes) changed = changed_new(file);
	struct counting counting = {changed, words};

	statements_read(file->patched, file->patched_size, count_statement, &counting);
}
