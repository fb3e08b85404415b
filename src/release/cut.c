/*
 * diff(1) says which lines changed.  A run that only adds or removes is moved to where it begins
 * and ends with declarations, if the text leaves the choice (diff(1) does not know C); then each
 * run is cut where on both sides one declaration ends and the next begins.
 */
#include <string.h>

#include "base/error.h"
#include "release/cutting.h"
#include "release/rules.h"
#include "tree/lines.h"

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

/* A file that is new or gone is one run. */
static GArray *find_runs(const struct cutting *cutting, GError **error)
{
	const char *path = cutting->file->path;
	g_autofree char *original = g_build_filename(cutting->trees[ORIGINAL], path, NULL);
	g_autofree char *patched = g_build_filename(cutting->trees[PATCHED], path, NULL);
	struct run whole = {0, cutting->texts[ORIGINAL]->count, 0, cutting->texts[PATCHED]->count};
	GArray *runs;

	if (cutting->file->change == PATCHED_MODIFIED)
		return lines_compare(original, patched, TRUE, error);
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

static void move_runs(const struct cutting *cutting, GArray *runs)
{
	for (guint i = 0; i < runs->len; i++) {
		struct run *run = &g_array_index(runs, struct run, i);
		guint side = run->old_count ? ORIGINAL : PATCHED;
		const struct text *text = cutting->texts[side];
		guint low = i ? run_end(run - 1, side) : 0;
		guint high = i + 1 < runs->len ? run_start(run + 1, side) : text->count;

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

char *cutting_name(const struct outline *outline, gint32 owner)
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
			last->name = cutting_name(outline, owner);
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
	part->balances = g_array_new(FALSE, FALSE, sizeof(struct balance));
	part->counters = g_array_new(FALSE, FALSE, sizeof(guint));
	part->counters_around = g_array_new(FALSE, FALSE, sizeof(guint));
	part->left_to = g_array_new(FALSE, FALSE, sizeof(guint));
	part->member = G_MAXUINT;
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

/* All of a rule file's runs, and what lies between them, are one part. */
static void take_whole(struct cutting *cutting, const GArray *runs)
{
	const struct run *first = &g_array_index(runs, struct run, 0);
	const struct run *last = first + runs->len - 1;

	if (runs->len)
		add_part(cutting, first->old_start, run_end(last, ORIGINAL), first->new_start,
			 run_end(last, PATCHED));
}

gboolean cutting_cut(struct cutting *cutting, GError **error)
{
	g_autoptr(GArray) runs = find_runs(cutting, error);

	if (!runs)
		return FALSE;
	if (rules_is(cutting->file->path)) {
		take_whole(cutting, runs);
	} else if (cutting->file->change == PATCHED_MODIFIED) {
		move_runs(cutting, runs);
		for (guint i = 0; i < runs->len; i++)
			cut_run(cutting, &g_array_index(runs, struct run, i));
	} else {
		add_part(cutting, 0, cutting->texts[ORIGINAL]->count, 0,
			 cutting->texts[PATCHED]->count);
	}
	return TRUE;
}
