/*
 * Which words the changed lines of each part hold, and what the part has to do with them: whether
 * it defines them, stands in them, or only calls them.
 */
#include <string.h>

#include "release/code.h"
#include "release/cutting.h"
#include "release/rules.h"

struct reading {
	const struct cutting *cutting;
	GHashTable *file_scope; /* names of the file's own declarations */
	gint32 *part_of[SIDES]; /* by line: the part whose changed line it is, or -1 */
	GPtrArray *tables;	/* by part: word to struct use */
};

static void map_lines(struct reading *reading)
{
	for (guint side = 0; side < SIDES; side++) {
		guint count = reading->cutting->texts[side]->count;

		reading->part_of[side] = g_new(gint32, count + 1);
		for (guint line = 0; line <= count; line++)
			reading->part_of[side][line] = -1;
	}
	for (guint i = 0; i < reading->cutting->parts->len; i++) {
		const struct part *part = g_ptr_array_index(reading->cutting->parts, i);

		if (part->idle)
			continue;
		for (guint j = 0; j < part->original_count; j++)
			reading->part_of[ORIGINAL][part->original_start + j] = (gint32)i;
		for (guint j = 0; j < part->patched_count; j++)
			reading->part_of[PATCHED][part->patched_start + j] = (gint32)i;
	}
}

/* --- words ----------------------------------------------------------------------------------- */

static struct use *use_of(struct reading *reading, guint part, const char *at, gsize length)
{
	GHashTable *table = g_ptr_array_index(reading->tables, part);
	guint number = words_number(reading->cutting->words, at, length);
	struct use *use = g_hash_table_lookup(table, GUINT_TO_POINTER(number));

	if (use)
		return use;
	use = g_new0(struct use, 1);
	use->word = number;
	g_hash_table_insert(table, GUINT_TO_POINTER(number), use);
	return use;
}

/* The name of a macro or constant by its looks. */
static gboolean is_capital(const struct word *word)
{
	gboolean upper = FALSE;

	for (guint i = 0; i < word->length; i++) {
		if (g_ascii_islower(word->at[i]))
			return FALSE;
		upper |= g_ascii_isupper(word->at[i]);
	}
	return upper;
}

static guint use_flags(const struct reading *reading, const struct word *word)
{
	g_autofree char *name = NULL;

	if (word->flags & WORD_MEMBER)
		return USE_MEMBER;
	if (word->flags & (WORD_CALLED | WORD_DEFINED))
		return USE_PLAIN | USE_NAMED;
	if (word->flags & WORD_TAG)
		return USE_PLAIN | USE_TAG;
	name = g_strndup(word->at, word->length);
	if (!is_capital(word) && !g_hash_table_contains(reading->file_scope, name))
		return USE_PLAIN;
	return USE_PLAIN | USE_NAMED | (word->flags & WORD_ARGUMENT ? USE_ARGUMENT : 0);
}

static void count_definition(struct use *use, const struct word *word, guint side)
{
	use->flags |= word->flags & WORD_MEMBER ? DEFINES_MEMBER : DEFINES_OTHER;
	if (word->flags & WORD_GLOBAL)
		use->flags |= USE_GLOBAL;
	if (side == ORIGINAL)
		use->undefined++;
	else
		use->defined++;
}

static void add_words(struct reading *reading, guint side)
{
	const GArray *words = reading->cutting->outlines[side]->words;

	for (guint i = 0; i < words->len; i++) {
		const struct word *word = &g_array_index(words, struct word, i);
		gint32 part = reading->part_of[side][word->line];

		if (part < 0)
			continue;
		struct use *use = use_of(reading, (guint)part, word->at, word->length);
		use->flags |= use_flags(reading, word);
		if (side == ORIGINAL)
			use->removed++;
		else
			use->added++;
		if (word->flags & WORD_DEFINED)
			count_definition(use, word, side);
	}
}

/* By step of the text (outline.h): a part that has changed lines of it, or -1.  Caller frees. */
static gint32 *parts_of_steps(const struct reading *reading, guint side)
{
	const struct outline *outline = reading->cutting->outlines[side];
	gint32 *steps = g_new(gint32, outline->steps + 1);

	memset(steps, 0xff, (outline->steps + 1) * sizeof(*steps));
	for (guint i = 0; i < outline->words->len; i++) {
		const struct word *word = &g_array_index(outline->words, struct word, i);

		if (reading->part_of[side][word->line] >= 0)
			steps[word->step] = reading->part_of[side][word->line];
	}
	return steps;
}

/*
 * A statement may have changed on another line than that of the function it calls, the declaration
 * of a member on another than that of its name: the call is used, the member defined.
 */
static void add_steps(struct reading *reading, guint side)
{
	const struct outline *outline = reading->cutting->outlines[side];
	g_autofree gint32 *steps = parts_of_steps(reading, side);

	for (guint i = 0; i < outline->words->len; i++) {
		const struct word *word = &g_array_index(outline->words, struct word, i);
		gboolean member = word->flags & WORD_DEFINED && word->flags & WORD_MEMBER;
		gboolean call = word->flags & WORD_CALLED && !(word->flags & WORD_DEFINED);

		if ((!member && !call) || reading->part_of[side][word->line] >= 0 ||
		    steps[word->step] < 0)
			continue;
		struct use *use = use_of(reading, (guint)steps[word->step], word->at, word->length);
		use->flags |= use_flags(reading, word);
		use->removed++;
		use->added++;
		if (member) {
			count_definition(use, word, ORIGINAL);
			count_definition(use, word, PATCHED);
		}
	}
}

/* The parts that define a name, but no member: name to number + 1. */
static GHashTable *definers(const struct reading *reading)
{
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
	GHashTableIter iter;
	gpointer at;

	for (guint i = 0; i < reading->tables->len; i++) {
		g_hash_table_iter_init(&iter, g_ptr_array_index(reading->tables, i));
		while (g_hash_table_iter_next(&iter, NULL, &at)) {
			const struct use *use = at;

			if (use->flags & DEFINES_OTHER && (use->defined || use->undefined))
				g_hash_table_insert(
					names,
					(gpointer)words_text(reading->cutting->words, use->word),
					GUINT_TO_POINTER(i + 1));
		}
	}
	return names;
}

/* A function whose head has changed, and that is the value of a member somewhere in the file
 * (.open = device_open), has changed for the member's sake. */
static void add_values(struct reading *reading, guint side)
{
	const GArray *words = reading->cutting->outlines[side]->words;
	g_autoptr(GHashTable) names = definers(reading);

	for (guint i = 1; i < words->len; i++) {
		const struct word *value = &g_array_index(words, struct word, i);
		const struct word *member = value - 1;
		g_autofree char *name = NULL;

		if (!(member->flags & WORD_MEMBER) || value->flags & (WORD_MEMBER | WORD_CALLED) ||
		    value->line - member->line > 1)
			continue;
		name = g_strndup(value->at, value->length);
		guint part = GPOINTER_TO_UINT(g_hash_table_lookup(names, name));
		if (!part)
			continue;
		struct use *use = use_of(reading, part - 1, member->at, member->length);
		use->flags |= USE_MEMBER;
		use->removed++;
		use->added++;
	}
}

/* What the functions call that a part stands in. */
static void add_around(struct reading *reading, guint part, guint side, gint32 owner)
{
	const struct outline *outline = reading->cutting->outlines[side];
	const struct declaration *declaration;

	if (owner < 0)
		return;
	declaration = &g_array_index(outline->declarations, struct declaration, owner);
	for (guint i = 0; i < declaration->words; i++) {
		const struct word *word =
			&g_array_index(outline->words, struct word, declaration->first_word + i);

		if (word->flags & WORD_CALLED && !(word->flags & (WORD_DEFINED | WORD_MEMBER)))
			use_of(reading, part, word->at, word->length)->flags |= USE_AROUND;
	}
}

/* A declaration whose head has changed on another line than its name's: the name means something
 * else now. */
static void add_changed_head(struct reading *reading, guint side,
			     const struct declaration *declaration)
{
	const struct outline *outline = reading->cutting->outlines[side];
	gint32 part = -1;

	for (guint line = declaration->first; line <= declaration->signature && part < 0; line++)
		part = reading->part_of[side][line];
	for (guint i = 0; i < declaration->words && part >= 0; i++) {
		const struct word *word =
			&g_array_index(outline->words, struct word, declaration->first_word + i);

		if (!(word->flags & WORD_DEFINED) || word->flags & WORD_MEMBER ||
		    word->line > declaration->signature || reading->part_of[side][word->line] >= 0)
			continue;
		struct use *use = use_of(reading, (guint)part, word->at, word->length);
		use->flags |= USE_PLAIN | USE_NAMED;
		count_definition(use, word, ORIGINAL);
		count_definition(use, word, PATCHED);
	}
}

static void add_heads(struct reading *reading, guint side)
{
	const GArray *declarations = reading->cutting->outlines[side]->declarations;

	for (guint i = 0; i < declarations->len; i++)
		add_changed_head(reading, side,
				 &g_array_index(declarations, struct declaration, i));
}

/* What a declaration makes of its name for the parts that stand in it. */
static guint scope_flags(const struct outline *outline, gint32 owner)
{
	const struct declaration *declaration =
		&g_array_index(outline->declarations, struct declaration, owner);
	guint flags = USE_SCOPE;

	if (g_array_index(outline->words, struct word, declaration->named).flags & WORD_GLOBAL)
		flags |= USE_GLOBAL;
	return declaration->type ? flags | USE_TYPE : flags;
}

static void add_scope(struct reading *reading, guint number, guint side, gint32 owner)
{
	g_autofree char *name = cutting_name(reading->cutting->outlines[side], owner);
	struct part *part = g_ptr_array_index(reading->cutting->parts, number);

	if (!part->idle)
		add_around(reading, number, side, owner);
	if (!name)
		return;
	if (!part->idle)
		use_of(reading, number, name, strlen(name))->flags |=
			scope_flags(reading->cutting->outlines[side], owner);
	if (!part->scope)
		part->scope = g_steal_pointer(&name);
}

/* The declarations that a part is part of, those of the patched side first. */
static void add_scopes(struct reading *reading, guint number)
{
	const struct part *part = g_ptr_array_index(reading->cutting->parts, number);
	const guint starts[] = {part->original_start, part->patched_start};
	const guint counts[] = {part->original_count, part->patched_count};

	for (guint side = SIDES; side-- > 0;) {
		const struct outline *outline = reading->cutting->outlines[side];

		for (guint i = 0; i < counts[side]; i++)
			add_scope(reading, number, side, outline->owners[starts[side] + i]);
		if (!counts[side] && !outline_divides(outline, starts[side]))
			add_scope(reading, number, side, outline->owners[starts[side]]);
	}
}

/* --- code --------------------------------------------------------------------------------------
 */

static void compare_code(struct part *part, const struct code *original, const struct code *patched)
{
	g_autofree char *before = code_of_lines(original, part->original_start,
						part->original_start + part->original_count);
	g_autofree char *after = code_of_lines(patched, part->patched_start,
					       part->patched_start + part->patched_count);
	struct nesting nesting = code_nesting(before), other = code_nesting(after);

	part->idle = part->file->change == PATCHED_MODIFIED && !strcmp(before, after);
	part->frame = nesting.lowest != other.lowest || nesting.last != other.last;
}

static void read_code(const struct reading *reading)
{
	AUTO(code) original = code_read(reading->cutting->texts[ORIGINAL]);
	AUTO(code) patched = code_read(reading->cutting->texts[PATCHED]);

	for (guint i = 0; i < reading->cutting->parts->len; i++)
		compare_code(g_ptr_array_index(reading->cutting->parts, i), original, patched);
}

/* --- lines ----------------------------------------------------------------------------------- */

/* The lines that have code, as words of their own: a fix often adds the same to several places. */
static void add_lines(struct reading *reading, guint side)
{
	const struct outline *outline = reading->cutting->outlines[side];
	g_autofree guint8 *words = g_new0(guint8, reading->cutting->texts[side]->count + 1);

	for (guint i = 0; i < outline->words->len; i++) {
		const struct word *word = &g_array_index(outline->words, struct word, i);

		words[word->line] = MIN(words[word->line] + 1, 2);
	}
	for (guint line = 0; line < reading->cutting->texts[side]->count; line++) {
		gint32 part = reading->part_of[side][line];
		gsize length;

		if (part < 0 || words[line] < 2)
			continue;
		const char *start = text_line(reading->cutting->texts[side], line, &length);
		g_autofree char *trimmed = g_strstrip(g_strndup(start, length));
		struct use *use = use_of(reading, (guint)part, trimmed, strlen(trimmed));
		use->flags |= USE_LINE;
		if (side == ORIGINAL)
			use->removed++;
		else
			use->added++;
	}
}

/* The word of a directive, or NULL if a line is none; *rest is what follows it. */
static char *directive_of(const struct text *text, guint line, char **rest)
{
	gsize length;
	const char *start = text_line(text, line, &length);
	g_autofree char *copy = g_strstrip(g_strndup(start, length));
	const char *word = copy + 1;

	if (*copy != '#')
		return NULL;
	word += strspn(word, " \t");
	length = strspn(word, "abcdefghijklmnopqrstuvwxyz");
	*rest = g_strchug(g_strdup(word + length));
	return g_strndup(word, length);
}

static void add_include(struct part *part, guint side, const char *name)
{
	gsize length = *name ? strcspn(name + 1, ">\"") : 0;

	if (length)
		g_ptr_array_add(part->includes,
				g_strdup_printf("%c%.*s", side == ORIGINAL ? '-' : '+', (int)length,
						name + 1));
}

static void read_directives(const struct reading *reading, struct part *part, guint side)
{
	guint start = side == ORIGINAL ? part->original_start : part->patched_start;
	guint count = side == ORIGINAL ? part->original_count : part->patched_count;
	gint open = 0;

	for (guint line = start; line < start + count; line++) {
		g_autofree char *rest = NULL;
		g_autofree char *word = directive_of(reading->cutting->texts[side], line, &rest);

		if (!word)
			continue;
		if (!strcmp(word, "include"))
			add_include(part, side, rest);
		else if (g_str_has_prefix(word, "if"))
			open++;
		else if (!strcmp(word, "endif"))
			part->conditional |= open-- <= 0;
		else if (g_str_has_prefix(word, "el"))
			part->conditional |= open <= 0;
	}
	part->conditional |= open > 0;
	part->opened[side] = open;
}

static void find_file_scope(struct reading *reading, guint side)
{
	const GArray *words = reading->cutting->outlines[side]->words;

	for (guint i = 0; i < words->len; i++) {
		const struct word *word = &g_array_index(words, struct word, i);

		if (word->flags & WORD_DEFINED && !(word->flags & WORD_MEMBER))
			g_hash_table_add(reading->file_scope, g_strndup(word->at, word->length));
	}
}

/* --- rules of the build ---------------------------------------------------------------------- */

struct rule_reading {
	struct reading *reading;
	guint side;
};

static void add_rule_word(const char *word, gpointer data)
{
	const struct rule_reading *rule = data;
	struct use *use = use_of(rule->reading, 0, word, strlen(word));

	use->flags |= USE_PLAIN | USE_NAMED;
	if (rule->side == ORIGINAL)
		use->removed++;
	else
		use->added++;
	if (!g_str_has_prefix(word, "CONFIG_"))
		return;
	use->flags |= DEFINES_OTHER | USE_GLOBAL;
	use->undefined = use->defined = 1;
}

static void read_rule_words(struct reading *reading)
{
	const struct part *part = g_ptr_array_index(reading->cutting->parts, 0);
	struct rule_reading rule = {reading, ORIGINAL};

	rules_read(reading->cutting->file->path, reading->cutting->texts[ORIGINAL],
		   part->original_start, part->original_count, add_rule_word, &rule);
	rule.side = PATCHED;
	rules_read(reading->cutting->file->path, reading->cutting->texts[PATCHED],
		   part->patched_start, part->patched_count, add_rule_word, &rule);
}

/* A file that is new or gone is what the rules name by its path. */
static void add_path(struct reading *reading, const char *path)
{
	struct use *use = use_of(reading, 0, path, strlen(path));

	use->flags |= USE_PLAIN | USE_NAMED | DEFINES_OTHER | USE_GLOBAL;
	if (reading->cutting->file->change == PATCHED_ADDED)
		use->defined++;
	else
		use->undefined++;
}

static void add_paths(struct reading *reading)
{
	g_autofree char *directory = g_path_get_dirname(reading->cutting->file->path);
	g_autofree char *elsewhere = g_build_filename(
		reading->cutting->trees[reading->cutting->file->change == PATCHED_ADDED ? ORIGINAL
											: PATCHED],
		directory, NULL);

	add_path(reading, reading->cutting->file->path);
	if (!g_file_test(elsewhere, G_FILE_TEST_IS_DIR)) {
		g_autofree char *with_slash = g_strconcat(directory, "/", NULL);
		add_path(reading, with_slash);
	}
}

/* --- one file -------------------------------------------------------------------------------- */

static gint compare_uses(gconstpointer a, gconstpointer b)
{
	const struct use *one = a, *other = b;

	return (one->word > other->word) - (one->word < other->word);
}

static void collect_uses(struct reading *reading)
{
	for (guint i = 0; i < reading->cutting->parts->len; i++) {
		struct part *part = g_ptr_array_index(reading->cutting->parts, i);
		GHashTableIter iter;
		gpointer use;

		part->uses = g_array_new(FALSE, FALSE, sizeof(struct use));
		g_hash_table_iter_init(&iter, g_ptr_array_index(reading->tables, i));
		while (g_hash_table_iter_next(&iter, NULL, &use))
			g_array_append_vals(part->uses, use, 1);
		g_array_sort(part->uses, compare_uses);
	}
}

static void read_parts(struct reading *reading)
{
	for (guint i = 0; i < reading->cutting->parts->len; i++)
		g_ptr_array_add(reading->tables, g_hash_table_new_full(NULL, NULL, NULL, g_free));
	if (reading->cutting->file->change != PATCHED_MODIFIED)
		add_paths(reading);
	if (rules_is(reading->cutting->file->path)) {
		read_rule_words(reading);
		collect_uses(reading);
		return;
	}
	read_code(reading);
	map_lines(reading);
	for (guint side = 0; side < SIDES; side++)
		find_file_scope(reading, side);
	for (guint side = 0; side < SIDES; side++) {
		add_words(reading, side);
		add_steps(reading, side);
		add_heads(reading, side);
		if (reading->cutting->file->change == PATCHED_MODIFIED)
			add_lines(reading, side);
	}
	for (guint side = 0; side < SIDES; side++)
		add_values(reading, side);
	for (guint i = 0; i < reading->cutting->parts->len; i++) {
		struct part *part = g_ptr_array_index(reading->cutting->parts, i);

		add_scopes(reading, i);
		for (guint side = 0; side < SIDES && !part->idle; side++)
			read_directives(reading, part, side);
	}
	collect_uses(reading);
}

void cutting_read_uses(struct cutting *cutting)
{
	struct reading reading = {.cutting = cutting};

	reading.file_scope = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	reading.tables = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);
	read_parts(&reading);
	for (guint side = 0; side < SIDES; side++)
		g_free(reading.part_of[side]);
	g_hash_table_unref(reading.file_scope);
	g_ptr_array_unref(reading.tables);
}
