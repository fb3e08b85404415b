/*
 * The guest's report: a line a thing, in the order of the plan (src/lab/guest/guest.h lists them).
 */
#include "lab/report.h"

#include <string.h>

struct reader {
	struct report *report;
	guint begun;		  /* how many steps have begun */
	struct lab_step *current; /* the one that has begun and not ended */
};

static void time_free(gpointer data)
{
	struct lab_time *time = data;

	g_free(time->verb);
	g_free(time);
}

static struct lab_step *step_new(const char *text)
{
	struct lab_step *step = g_new0(struct lab_step, 1);

	step->text = g_strdup(text);
	step->result = LAB_SKIPPED;
	step->kernel = g_ptr_array_new_with_free_func(g_free);
	step->times = g_ptr_array_new_with_free_func(time_free);
	return step;
}

void lab_step_free(struct lab_step *step)
{
	g_free(step->text);
	g_free(step->detail);
	g_ptr_array_unref(step->kernel);
	g_ptr_array_unref(step->times);
	g_free(step);
}

void lab_step_say(struct lab_step *step, const char *text)
{
	char *before = step->detail;

	step->detail = before ? g_strjoin("\n", before, text, NULL) : g_strdup(text);
	g_free(before);
}

static gboolean line_greeting(struct reader *reader, const char *text)
{
	gboolean first = !reader->report->greeted;

	reader->report->greeted = TRUE;
	return first;
}

static gboolean line_step(struct reader *reader, const char *text)
{
	if (reader->current || reader->begun == reader->report->steps->len)
		return FALSE;
	reader->current = g_ptr_array_index(reader->report->steps, reader->begun++);
	return TRUE;
}

static gboolean line_note(struct reader *reader, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	if (!reader->current)
		return FALSE;
	lab_step_say(reader->current, valid);
	return TRUE;
}

static gboolean line_kernel(struct reader *reader, const char *text)
{
	if (!reader->current)
		return FALSE;
	g_ptr_array_add(reader->current->kernel, g_utf8_make_valid(text, -1));
	return TRUE;
}

/* "MICROSECONDS VERB..." */
static gboolean line_time(struct reader *reader, const char *text)
{
	struct lab_time *time;
	char *end;
	guint64 microseconds = g_ascii_strtoull(text, &end, 10);

	if (!reader->current || end == text || *end != ' ')
		return FALSE;
	time = g_new0(struct lab_time, 1);
	time->verb = g_utf8_make_valid(end + 1, -1);
	time->microseconds = microseconds;
	g_ptr_array_add(reader->current->times, time);
	return TRUE;
}

/* What the host was asked for while the machine ran. */
static gboolean line_ask(struct reader *reader, const char *text)
{
	return reader->current != NULL;
}

static gboolean end_step(struct reader *reader, enum lab_result result)
{
	if (!reader->current)
		return FALSE;
	reader->current->result = result;
	reader->current = NULL;
	return TRUE;
}

static gboolean line_passed(struct reader *reader, const char *text)
{
	return end_step(reader, LAB_PASSED);
}

static gboolean line_skipped(struct reader *reader, const char *text)
{
	return end_step(reader, LAB_SKIPPED);
}

static gboolean line_failed(struct reader *reader, const char *text)
{
	return end_step(reader, LAB_FAILED);
}

/* A plan is left before its last step only because that failed. */
static gboolean line_end(struct reader *reader, const char *text)
{
	const GPtrArray *steps = reader->report->steps;
	const struct lab_step *last = reader->begun ? steps->pdata[reader->begun - 1] : NULL;

	if (reader->current ||
	    (reader->begun < steps->len && (!last || last->result != LAB_FAILED)))
		return FALSE;
	reader->report->ended = TRUE;
	return TRUE;
}

static const struct {
	const char *word;
	gboolean (*read)(struct reader *reader, const char *text);
} lines[] = {
	{"klatch", line_greeting}, {"step", line_step},	      {"note", line_note},
	{"kernel", line_kernel},   {"time", line_time},	      {"ask", line_ask},
	{"passed", line_passed},   {"skipped", line_skipped}, {"failed", line_failed},
	{"end", line_end},
};

static gboolean read_line(struct reader *reader, char *line)
{
	char *text = line + strcspn(line, " ");

	if (*text)
		*text++ = '\0';
	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
		if (!strcmp(line, lines[i].word))
			return !reader->report->ended && (reader->report->greeted || i == 0) &&
			       lines[i].read(reader, text);
	return FALSE;
}

static struct report *report_new(const struct plan *plan)
{
	struct report *report = g_new0(struct report, 1);

	report->sound = TRUE;
	report->steps = g_ptr_array_new_with_free_func((GDestroyNotify)lab_step_free);
	for (guint i = 0; i < plan->steps->len; i++) {
		const struct plan_step *planned = g_ptr_array_index(plan->steps, i);

		g_ptr_array_add(report->steps, step_new(planned->text));
	}
	return report;
}

void report_free(struct report *report)
{
	g_clear_pointer(&report->steps, g_ptr_array_unref);
	g_free(report);
}

struct report *report_read(const struct plan *plan, const char *text, gsize size)
{
	struct report *report = report_new(plan);
	struct reader reader = {.report = report};
	const char *end;

	/* A last line without its end is not a line yet: "passed" may be missing its rest. */
	while (report->sound && (end = memchr(text, '\n', size))) {
		g_autofree char *line = g_strndup(text, (gsize)(end - text));

		report->sound = read_line(&reader, line);
		size -= (gsize)(end + 1 - text);
		text = end + 1;
	}
	report->ended = report->ended && report->sound;
	for (guint i = reader.begun; i < report->steps->len; i++)
		lab_step_say(g_ptr_array_index(report->steps, i), "not reached");
	if (!report->ended) {
		guint next = MIN(reader.begun, report->steps->len - 1);

		report->died =
			reader.current ? reader.current : g_ptr_array_index(report->steps, next);
		report->died->result = LAB_FAILED;
	}
	return report;
}
