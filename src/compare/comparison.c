/*
 * From what machines report to what a policy did.
 */
#include "compare/comparison.h"

#include <string.h>

#define LINES_KEPT 3 /* of the kernel's words: the cause is said first */

static void trial_free(gpointer data)
{
	struct trial *trial = data;

	g_free(trial->step);
	g_free(trial->seen);
	g_free(trial->words);
	g_free(trial);
}

struct comparison *comparison_new(void)
{
	struct comparison *comparison = g_new0(struct comparison, 1);

	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		struct contender *contender = &comparison->contenders[i];

		contender->trials = g_ptr_array_new_with_free_func(trial_free);
		contender->plain = g_array_new(FALSE, FALSE, sizeof(guint64));
		contender->patched = g_array_new(FALSE, FALSE, sizeof(guint64));
		contender->unpatched = g_array_new(FALSE, FALSE, sizeof(guint64));
		contender->corpus_refused = g_ptr_array_new_with_free_func(g_free);
	}
	comparison->internals = g_ptr_array_new_with_free_func((GDestroyNotify)internals_free);
	return comparison;
}

void comparison_free(struct comparison *comparison)
{
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		struct contender *contender = &comparison->contenders[i];

		g_free(contender->refusal);
		g_clear_pointer(&contender->cost, cost_free);
		g_ptr_array_unref(contender->trials);
		g_array_unref(contender->plain);
		g_array_unref(contender->patched);
		g_array_unref(contender->unpatched);
		g_ptr_array_unref(contender->corpus_refused);
	}
	g_ptr_array_unref(comparison->internals);
	g_free(comparison->patch);
	g_free(comparison->release);
	g_free(comparison->target);
	g_free(comparison->accelerator);
	g_free(comparison);
}

struct internals *internals_new(const char *release)
{
	struct internals *internals = g_new0(struct internals, 1);

	internals->release = g_strdup(release);
	return internals;
}

void internals_free(struct internals *internals)
{
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++)
		g_clear_pointer(&internals->costs[i], cost_free);
	g_free(internals->release);
	g_free(internals);
}

static struct trial *add_trial(struct contender *contender, const char *scenario,
			       enum trial_result result)
{
	struct trial *trial = g_new0(struct trial, 1);

	trial->scenario = scenario;
	trial->result = result;
	g_ptr_array_add(contender->trials, trial);
	return trial;
}

void comparison_skip_trial(struct contender *contender, const char *scenario, const char *why)
{
	add_trial(contender, scenario, TRIAL_SKIPPED)->seen = g_strdup(why);
}

/* The step that says how it ended: the first that failed, else that could not be tried, or NULL. */
static const struct lab_step *telling_step(const struct lab_report *report, guint first, guint end)
{
	const struct lab_step *skipped = NULL;

	for (guint i = first; i < end; i++) {
		const struct lab_step *step = report->steps->pdata[i];

		if (step->result == LAB_FAILED)
			return step;
		if (step->result == LAB_SKIPPED && !skipped)
			skipped = step;
	}
	return skipped;
}

static char *first_lines(const GPtrArray *lines)
{
	g_autoptr(GPtrArray) kept = g_ptr_array_new();

	for (guint i = 0; i < lines->len && i < LINES_KEPT; i++)
		g_ptr_array_add(kept, lines->pdata[i]);
	g_ptr_array_add(kept, NULL);
	return lines->len ? g_strjoinv("\n", (char **)kept->pdata) : NULL;
}

static char *first_line(const char *text)
{
	return text ? g_strndup(text, strcspn(text, "\n")) : NULL;
}

/*
 * In the guest's words.  A livepatch that can't be loaded leaves the target as it is, so that only
 * what is said of others counts.
 */
static void find_refusals(struct trial *trial)
{
	gboolean livepatch = g_str_has_prefix(trial->seen, "livepatch ") ||
			     g_str_has_prefix(trial->seen, "own ");

	trial->load_refused = !livepatch && strstr(trial->seen, " can't be loaded: ");
	trial->removal_refused = !livepatch && strstr(trial->seen, " can't be removed: ");
}

static guint64 time_of(const struct lab_step *step, guint index, const char *verb)
{
	const struct lab_time *time = index < step->times->len ? step->times->pdata[index] : NULL;

	return time && !strcmp(time->verb, verb) ? time->microseconds : 0;
}

/*
 * The times of a step in which the target came, alone or under a livepatch.  Behind its own stands
 * what was done until it was patched: only policy split has anything to do.
 */
static void take_times(struct contender *contender, const struct lab_step *step, const char *target)
{
	g_autofree char *verb = g_strconcat("load ", target, NULL);
	guint at = 0;

	while (at < step->times->len && !time_of(step, at, verb))
		at++;
	guint64 own = time_of(step, at, verb);
	guint64 behind = time_of(step, at + 1, "load own") + time_of(step, at + 2, "settle own");
	guint64 all = own + behind;
	if (at || behind) {
		g_array_append_val(contender->patched, all);
		g_array_append_val(contender->unpatched, behind);
	} else if (own) {
		g_array_append_val(contender->plain, own);
	}
}

const struct trial *comparison_add_trial(struct contender *contender, const char *scenario,
					 const char *target, const struct lab_report *report,
					 guint first, guint end)
{
	const struct lab_step *step = telling_step(report, first, end);
	struct trial *trial = add_trial(contender, scenario,
					!step			      ? TRIAL_PASSED
					: step->result == LAB_SKIPPED ? TRIAL_SKIPPED
								      : TRIAL_FAILED);

	if (step) {
		trial->step = g_strdup(step->text);
		trial->seen = first_line(step->detail);
		trial->words = first_lines(step->kernel);
	}
	if (trial->result == TRIAL_FAILED && trial->seen)
		find_refusals(trial);
	for (guint i = first; i < end && !strcmp(scenario, "latency"); i++) {
		const struct lab_step *timed = report->steps->pdata[i];

		if (timed->result == LAB_PASSED)
			take_times(contender, timed, target);
	}
	return trial;
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
	guint64 first = *(const guint64 *)a, second = *(const guint64 *)b;

	return (first > second) - (first < second);
}

static guint64 nth(const GArray *numbers, guint n)
{
	g_autoptr(GArray) sorted = g_array_copy((GArray *)numbers);

	g_array_sort(sorted, compare_numbers);
	return sorted->len ? g_array_index(sorted, guint64, n) : 0;
}

guint64 comparison_median(const GArray *numbers)
{
	return nth(numbers, numbers->len / 2);
}

guint64 comparison_least(const GArray *numbers)
{
	return nth(numbers, 0);
}
