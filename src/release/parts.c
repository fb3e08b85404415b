/*
 * diff(1) says which lines changed.  A run that only adds or removes is moved to where it begins
 * and ends with declarations, if the text leaves the choice (diff(1) does not know C); then each
 * run is cut where on both sides one declaration ends and the next begins.
 */
#include "release/parts.h"

#include <string.h>

#include "base/error.h"
#include "base/process.h"
#include "release/outline.h"
#include "release/rules.h"
#include "release/text.h"
#include "tree/lines.h"

enum { ORIGINAL, PATCHED, SIDES };

struct cutting {
	const struct changed_file *file;
	struct words *words;
	const char *trees[SIDES];
	const struct text *texts[SIDES];
	const struct outline *outlines[SIDES];
	GArray *runs; /* of struct run */
	GPtrArray *parts;
	GHashTable *file_scope; /* names of the file's own declarations */
	gint32 *part_of[SIDES]; /* by line: the part whose changed line it is, or -1 */
	GPtrArray *tables;	/* by part: word to struct use */
};

void part_free(struct part *part)
{
	g_free(part->scope);
	g_clear_pointer(&part->uses, g_array_unref);
	g_ptr_array_unref(part->includes);
	g_free(part);
}

/* --- runs ------------------------------------------------------------------------------------ */

static guint run_start(const struct run *run, guint side)
{
	return side == ORIGINAL ? run->old_start : run->new_start;
}

static guint run_count(const struct run *run, guint side)
{
	return side == ORIGINAL ? run->old_count : run->new_count;
}

static guint run_end(const struct run *run, guint side)
{
	return run_start(run, side) + run_count(run, side);
}

static GArray *compare(const char *original, const char *patched, GError **error)
{
	static const char *const environment[] = {"LC_ALL=C", NULL};
	const char *argv[] = {"diff", "--text", "--minimal", "--", original, patched, NULL};
	struct process process = {.argv = argv, .environment = environment};
	AUTO_PROCESS_RESULT result = {0};

	if (!process_run(&process, &result, error))
		return NULL;
	if (result.status <= 1)
		return lines_runs(result.output);
	klatch_fail(error, KLATCH_ENVIRONMENT, "two versions of a file can't be compared", original,
		    NULL, "%s", g_strchomp(result.errors));
	return NULL;
}

/* A file that is new or gone is one run. */
static GArray *find_runs(const struct cutting *cutting, GError **error)
{
	const char *path = cutting->file->path;
	g_autofree char *original = g_build_filename(cutting->trees[ORIGINAL], path, NULL);
	g_autofree char *patched = g_build_filename(cutting->trees[PATCHED], path, NULL);
	struct run whole = {0, cutting->texts[ORIGINAL]->count, 0, cutting->texts[PATCHED]->count};
	GArray *runs;

	if (cutting->file->change == PATCHED_MODIFIED)
		return compare(original, patched, error);
	runs = g_array_new(FALSE, FALSE, sizeof(struct run));
	g_array_append_val(runs, whole);
	return runs;
}

/* --- moving ---------------------------------------------------------------------------------- */

static gboolean same_line(const struct text *text, guint one, guint other)
{
	gsize length, other_length;
	const char *line = text_line(text, one, &length);
	const char *other_line = text_line(text, other, &other_length);

	return length == other_length && !memcmp(line, other_line, length);
}

/* How well a range of lines agrees with the declarations. */
static guint fit(const struct outline *outline, guint start, guint end)
{
	return outline_divides(outline, start) + outline_divides(outline, end);
}

/* Where in [low, high) the lines [start, end) that only one side has may as well be: the best. */
static gint find_move(const struct text *text, const struct outline *outline, guint start,
		      guint end, guint low, guint high)
{
	gint best = 0;
	guint best_fit = fit(outline, start, end);

	for (guint up = 0; start - up > low && same_line(text, start - up - 1, end - up - 1);) {
		up++;
		if (fit(outline, start - up, end - up) > best_fit) {
			best = -(gint)up;
			best_fit = fit(outline, start - up, end - up);
		}
	}
	for (guint down = 0; end + down < high && same_line(text, start + down, end + down);) {
		down++;
		if (fit(outline, start + down, end + down) > best_fit) {
			best = (gint)down;
			best_fit = fit(outline, start + down, end + down);
		}
	}
	return best;
}

static void move_runs(struct cutting *cutting)
{
	for (guint i = 0; i < cutting->runs->len; i++) {
		struct run *runs = (struct run *)cutting->runs->data, *run = &runs[i];
		guint side = run->old_count ? ORIGINAL : PATCHED;
		const struct text *text = cutting->texts[side];
		guint low = i ? run_end(run - 1, side) : 0;
		guint high = i + 1 < cutting->runs->len ? run_start(run + 1, side) : text->count;

		if (run->old_count && run->new_count)
			continue;
		gint by = find_move(text, cutting->outlines[side], run_start(run, side),
				    run_end(run, side), low, high);
		run->old_start += by;
		run->new_start += by;
	}
}

/* --- cutting --------------------------------------------------------------------------------- */

/* Lines of a run that belong to one declaration, and blank ones behind them. */
struct segment {
	guint start, end;
	char *name; /* NULL: it has none */
};

static void segment_clear(struct segment *segment)
{
	g_free(segment->name);
}

/* The name of a declaration, or NULL.  Caller frees. */
static char *declaration_name(const struct outline *outline, gint32 owner)
{
	const struct declaration *declaration;
	const struct word *word;

	if (owner < 0)
		return NULL;
	declaration = &g_array_index(outline->declarations, struct declaration, owner);
	if (declaration->named == G_MAXUINT)
		return NULL;
	word = &g_array_index(outline->words, struct word, declaration->named);
	return g_strndup(word->at, word->length);
}

static GArray *find_segments(const struct outline *outline, guint start, guint end)
{
	GArray *segments = g_array_new(FALSE, FALSE, sizeof(struct segment));
	gint32 owner = -1;

	g_array_set_clear_func(segments, (GDestroyNotify)segment_clear);
	for (guint line = start; line < end; line++) {
		struct segment segment = {line, line + 1, NULL};

		if (segments->len &&
		    (outline->owners[line] < 0 || outline->owners[line] == owner || owner < 0)) {
			g_array_index(segments, struct segment, segments->len - 1).end = line + 1;
		} else {
			g_array_append_val(segments, segment);
		}
		if (outline->owners[line] >= 0)
			owner = outline->owners[line];
		struct segment *last = &g_array_index(segments, struct segment, segments->len - 1);
		if (!last->name)
			last->name = declaration_name(outline, owner);
	}
	return segments;
}

static void add_part(struct cutting *cutting, guint original_start, guint original_end,
		     guint patched_start, guint patched_end)
{
	struct part *last = cutting->parts->len
				    ? g_ptr_array_index(cutting->parts, cutting->parts->len - 1)
				    : NULL;
	gboolean touches = last && last->original_start + last->original_count == original_start &&
			   last->patched_start + last->patched_count == patched_start;

	/* Both sides must be whole without the other part's lines. */
	if (touches && (!outline_divides(cutting->outlines[ORIGINAL], original_start) ||
			!outline_divides(cutting->outlines[PATCHED], patched_start))) {
		last->original_count += original_end - original_start;
		last->patched_count += patched_end - patched_start;
		return;
	}
	struct part *part = g_new0(struct part, 1);
	part->file = cutting->file;
	part->original_start = original_start;
	part->original_count = original_end - original_start;
	part->patched_start = patched_start;
	part->patched_count = patched_end - patched_start;
	part->includes = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(cutting->parts, part);
}

static const struct segment *segment_at(const GArray *segments, guint i)
{
	return &g_array_index(segments, struct segment, i);
}

/* The nearest two segments of one name from here on; the ends of both if there are none. */
static void find_pair(const GArray *original, const GArray *patched, guint *i, guint *j)
{
	guint best = original->len + patched->len;
	guint from_i = *i, from_j = *j;

	*i = original->len;
	*j = patched->len;
	for (guint a = from_i; a < original->len; a++) {
		for (guint b = from_j; b < patched->len && a + b < best; b++) {
			const char *name = segment_at(original, a)->name;

			if (!name || g_strcmp0(name, segment_at(patched, b)->name))
				continue;
			best = a + b;
			*i = a;
			*j = b;
		}
	}
}

/* Declarations of one name become one part; what stands only on one side, a part each; what was
 * replaced between those by something else, one. */
static void cut_run(struct cutting *cutting, const struct run *run)
{
	g_autoptr(GArray) original =
		find_segments(cutting->outlines[ORIGINAL], run->old_start, run_end(run, ORIGINAL));
	g_autoptr(GArray) patched =
		find_segments(cutting->outlines[PATCHED], run->new_start, run_end(run, PATCHED));
	guint old_at = run->old_start, new_at = run->new_start;

	for (guint i = 0, j = 0; i < original->len || j < patched->len;) {
		guint next_i = i, next_j = j;

		find_pair(original, patched, &next_i, &next_j);
		if (i == next_i && j == next_j) {
			next_i++;
			next_j++;
		} else if (i == next_i) {
			next_j = j + 1;
		} else if (j == next_j) {
			next_i = i + 1;
		}
		guint old_end = next_i > i ? segment_at(original, next_i - 1)->end : old_at;
		guint new_end = next_j > j ? segment_at(patched, next_j - 1)->end : new_at;
		add_part(cutting, old_at, old_end, new_at, new_end);
		old_at = old_end;
		new_at = new_end;
		i = next_i;
		j = next_j;
	}
}

static void map_lines(struct cutting *cutting)
{
	for (guint side = 0; side < SIDES; side++) {
		guint count = cutting->texts[side]->count;

		cutting->part_of[side] = g_new(gint32, count + 1);
		for (guint line = 0; line <= count; line++)
			cutting->part_of[side][line] = -1;
	}
	for (guint i = 0; i < cutting->parts->len; i++) {
		const struct part *part = g_ptr_array_index(cutting->parts, i);

		for (guint j = 0; j < part->original_count; j++)
			cutting->part_of[ORIGINAL][part->original_start + j] = (gint32)i;
		for (guint j = 0; j < part->patched_count; j++)
			cutting->part_of[PATCHED][part->patched_start + j] = (gint32)i;
	}
}

/* --- words ----------------------------------------------------------------------------------- */

static struct use *use_of(struct cutting *cutting, guint part, const char *at, gsize length)
{
	GHashTable *table = g_ptr_array_index(cutting->tables, part);
	guint number = words_number(cutting->words, at, length);
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

static guint use_flags(const struct cutting *cutting, const struct word *word)
{
	g_autofree char *name = NULL;

	if (word->flags & WORD_MEMBER)
		return USE_MEMBER;
	if (word->flags & (WORD_CALLED | WORD_TAG | WORD_DEFINED) || is_capital(word))
		return USE_PLAIN | USE_NAMED;
	name = g_strndup(word->at, word->length);
	if (g_hash_table_contains(cutting->file_scope, name))
		return USE_PLAIN | USE_NAMED;
	return USE_PLAIN;
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

static void add_words(struct cutting *cutting, guint side)
{
	const GArray *words = cutting->outlines[side]->words;

	for (guint i = 0; i < words->len; i++) {
		const struct word *word = &g_array_index(words, struct word, i);
		gint32 part = cutting->part_of[side][word->line];

		if (part < 0)
			continue;
		struct use *use = use_of(cutting, (guint)part, word->at, word->length);
		use->flags |= use_flags(cutting, word);
		if (side == ORIGINAL)
			use->removed++;
		else
			use->added++;
		if (word->flags & WORD_DEFINED)
			count_definition(use, word, side);
	}
}

/* A declaration whose head has changed on another line than its name's: the name means something
 * else now. */
static void add_changed_head(struct cutting *cutting, guint side,
			     const struct declaration *declaration)
{
	const struct outline *outline = cutting->outlines[side];
	gint32 part = -1;

	for (guint line = declaration->first; line <= declaration->signature && part < 0; line++)
		part = cutting->part_of[side][line];
	for (guint i = 0; i < declaration->words && part >= 0; i++) {
		const struct word *word =
			&g_array_index(outline->words, struct word, declaration->first_word + i);

		if (!(word->flags & WORD_DEFINED) || word->flags & WORD_MEMBER ||
		    word->line > declaration->signature || cutting->part_of[side][word->line] >= 0)
			continue;
		struct use *use = use_of(cutting, (guint)part, word->at, word->length);
		use->flags |= USE_PLAIN | USE_NAMED;
		count_definition(use, word, ORIGINAL);
		count_definition(use, word, PATCHED);
	}
}

static void add_heads(struct cutting *cutting, guint side)
{
	const GArray *declarations = cutting->outlines[side]->declarations;

	for (guint i = 0; i < declarations->len; i++)
		add_changed_head(cutting, side,
				 &g_array_index(declarations, struct declaration, i));
}

static gboolean is_global_declaration(const struct outline *outline, gint32 owner)
{
	const struct declaration *declaration =
		&g_array_index(outline->declarations, struct declaration, owner);

	return g_array_index(outline->words, struct word, declaration->named).flags & WORD_GLOBAL;
}

static void add_scope(struct cutting *cutting, guint number, guint side, gint32 owner)
{
	g_autofree char *name = declaration_name(cutting->outlines[side], owner);
	struct part *part = g_ptr_array_index(cutting->parts, number);

	if (!name)
		return;
	use_of(cutting, number, name, strlen(name))->flags |=
		USE_SCOPE |
		(is_global_declaration(cutting->outlines[side], owner) ? USE_GLOBAL : 0);
	if (!part->scope)
		part->scope = g_steal_pointer(&name);
}

/* The declarations that a part is part of, those of the patched side first. */
static void add_scopes(struct cutting *cutting, guint number)
{
	const struct part *part = g_ptr_array_index(cutting->parts, number);
	const guint starts[] = {part->original_start, part->patched_start};
	const guint counts[] = {part->original_count, part->patched_count};

	for (guint side = SIDES; side-- > 0;) {
		const struct outline *outline = cutting->outlines[side];

		for (guint i = 0; i < counts[side]; i++)
			add_scope(cutting, number, side, outline->owners[starts[side] + i]);
		if (!counts[side] && !outline_divides(outline, starts[side]))
			add_scope(cutting, number, side, outline->owners[starts[side]]);
	}
}

/* --- lines ----------------------------------------------------------------------------------- */

/* The lines that have code, as words of their own: a fix often adds the same to several places. */
static void add_lines(struct cutting *cutting, guint side)
{
	const struct outline *outline = cutting->outlines[side];
	g_autofree guint8 *words = g_new0(guint8, cutting->texts[side]->count + 1);

	for (guint i = 0; i < outline->words->len; i++) {
		const struct word *word = &g_array_index(outline->words, struct word, i);

		words[word->line] = MIN(words[word->line] + 1, 2);
	}
	for (guint line = 0; line < cutting->texts[side]->count; line++) {
		gint32 part = cutting->part_of[side][line];
		gsize length;

		if (part < 0 || words[line] < 2)
			continue;
		const char *start = text_line(cutting->texts[side], line, &length);
		g_autofree char *trimmed = g_strstrip(g_strndup(start, length));
		struct use *use = use_of(cutting, (guint)part, trimmed, strlen(trimmed));
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

static void read_directives(const struct cutting *cutting, struct part *part, guint side)
{
	guint start = side == ORIGINAL ? part->original_start : part->patched_start;
	guint count = side == ORIGINAL ? part->original_count : part->patched_count;
	gint open = 0;

	for (guint line = start; line < start + count; line++) {
		g_autofree char *rest = NULL;
		g_autofree char *word = directive_of(cutting->texts[side], line, &rest);

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
}

/* --- one file -------------------------------------------------------------------------------- */

static gint compare_uses(gconstpointer a, gconstpointer b)
{
	const struct use *one = a, *other = b;

	return (one->word > other->word) - (one->word < other->word);
}

static void collect_uses(struct cutting *cutting)
{
	for (guint i = 0; i < cutting->parts->len; i++) {
		struct part *part = g_ptr_array_index(cutting->parts, i);
		GHashTableIter iter;
		gpointer use;

		part->uses = g_array_new(FALSE, FALSE, sizeof(struct use));
		g_hash_table_iter_init(&iter, g_ptr_array_index(cutting->tables, i));
		while (g_hash_table_iter_next(&iter, NULL, &use))
			g_array_append_vals(part->uses, use, 1);
		g_array_sort(part->uses, compare_uses);
	}
}

static void find_file_scope(struct cutting *cutting, guint side)
{
	const GArray *words = cutting->outlines[side]->words;

	for (guint i = 0; i < words->len; i++) {
		const struct word *word = &g_array_index(words, struct word, i);

		if (word->flags & WORD_DEFINED && !(word->flags & WORD_MEMBER))
			g_hash_table_add(cutting->file_scope, g_strndup(word->at, word->length));
	}
}

/* --- rules of the build ---------------------------------------------------------------------- */

struct rule_reading {
	struct cutting *cutting;
	guint side;
};

static void add_rule_word(const char *word, gpointer data)
{
	const struct rule_reading *reading = data;
	struct use *use = use_of(reading->cutting, 0, word, strlen(word));

	use->flags |= USE_PLAIN | USE_NAMED;
	if (reading->side == ORIGINAL)
		use->removed++;
	else
		use->added++;
	if (!g_str_has_prefix(word, "CONFIG_"))
		return;
	use->flags |= DEFINES_OTHER | USE_GLOBAL;
	use->undefined = use->defined = 1;
}

static void read_rule_words(struct cutting *cutting)
{
	const struct part *part = g_ptr_array_index(cutting->parts, 0);
	struct rule_reading reading = {cutting, ORIGINAL};

	rules_read(cutting->file->path, cutting->texts[ORIGINAL], part->original_start,
		   part->original_count, add_rule_word, &reading);
	reading.side = PATCHED;
	rules_read(cutting->file->path, cutting->texts[PATCHED], part->patched_start,
		   part->patched_count, add_rule_word, &reading);
}

/* A file that is new or gone is what the rules name by its path. */
static void add_path(struct cutting *cutting, const char *path)
{
	struct use *use = use_of(cutting, 0, path, strlen(path));

	use->flags |= USE_PLAIN | USE_NAMED | DEFINES_OTHER | USE_GLOBAL;
	if (cutting->file->change == PATCHED_ADDED)
		use->defined++;
	else
		use->undefined++;
}

static void add_paths(struct cutting *cutting)
{
	g_autofree char *directory = g_path_get_dirname(cutting->file->path);
	g_autofree char *elsewhere = g_build_filename(
		cutting->trees[cutting->file->change == PATCHED_ADDED ? ORIGINAL : PATCHED],
		directory, NULL);

	add_path(cutting, cutting->file->path);
	if (!g_file_test(elsewhere, G_FILE_TEST_IS_DIR)) {
		g_autofree char *with_slash = g_strconcat(directory, "/", NULL);
		add_path(cutting, with_slash);
	}
}

static void read_words(struct cutting *cutting)
{
	for (guint i = 0; i < cutting->parts->len; i++)
		g_ptr_array_add(cutting->tables, g_hash_table_new_full(NULL, NULL, NULL, g_free));
	if (cutting->file->change != PATCHED_MODIFIED)
		add_paths(cutting);
	if (rules_is(cutting->file->path)) {
		read_rule_words(cutting);
		collect_uses(cutting);
		return;
	}
	map_lines(cutting);
	for (guint side = 0; side < SIDES; side++)
		find_file_scope(cutting, side);
	for (guint side = 0; side < SIDES; side++) {
		add_words(cutting, side);
		add_heads(cutting, side);
		if (cutting->file->change == PATCHED_MODIFIED)
			add_lines(cutting, side);
	}
	for (guint i = 0; i < cutting->parts->len; i++) {
		add_scopes(cutting, i);
		for (guint side = 0; side < SIDES; side++)
			read_directives(cutting, g_ptr_array_index(cutting->parts, i), side);
	}
	collect_uses(cutting);
}

/* All of a rule file's runs, and what lies between them, are one part. */
static void take_whole(struct cutting *cutting)
{
	const struct run *first = &g_array_index(cutting->runs, struct run, 0);
	const struct run *last = first + cutting->runs->len - 1;

	if (cutting->runs->len)
		add_part(cutting, first->old_start, run_end(last, ORIGINAL), first->new_start,
			 run_end(last, PATCHED));
}

static void cut(struct cutting *cutting)
{
	if (rules_is(cutting->file->path)) {
		take_whole(cutting);
	} else if (cutting->file->change == PATCHED_MODIFIED) {
		move_runs(cutting);
		for (guint i = 0; i < cutting->runs->len; i++)
			cut_run(cutting, &g_array_index(cutting->runs, struct run, i));
	} else {
		add_part(cutting, 0, cutting->texts[ORIGINAL]->count, 0,
			 cutting->texts[PATCHED]->count);
	}
}

GPtrArray *parts_of(const struct changed_file *file, const char *original_tree,
		    const char *patched_tree, struct words *words, GError **error)
{
	AUTO(text) original = text_read(original_tree, file->path, error);
	AUTO(text) patched = original ? text_read(patched_tree, file->path, error) : NULL;
	g_autoptr(GHashTable) file_scope =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) tables =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
	struct cutting cutting = {.file = file,
				  .trees = {original_tree, patched_tree},
				  .words = words,
				  .texts = {original, patched},
				  .parts = parts,
				  .file_scope = file_scope,
				  .tables = tables};

	if (!patched)
		return NULL;
	g_autoptr(GArray) runs = find_runs(&cutting, error);
	if (!runs)
		return NULL;
	AUTO(outline) original_outline = outline_read(original);
	AUTO(outline) patched_outline = outline_read(patched);
	cutting.runs = runs;
	cutting.outlines[ORIGINAL] = original_outline;
	cutting.outlines[PATCHED] = patched_outline;
	cut(&cutting);
	read_words(&cutting);
	g_free(cutting.part_of[ORIGINAL]);
	g_free(cutting.part_of[PATCHED]);
	return g_steal_pointer(&parts);
}
