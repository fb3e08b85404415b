/*
 * What all judges use: time and words, and the way from paths and units to changes.
 */
#include "renewal/inside.h"

#include <string.h>

#include "base/error.h"
#include "base/stages.h"

const struct diff_intent renewal_intent = {.unattended = TRUE};

/* ---- stages and words ---- */

void renewal_begin_stage(struct renewal *renewal, const char *name)
{
	if (renewal->stage)
		timed_stages_add(renewal->result->stages, renewal->stage, renewal->stage_began);
	renewal->stage = name;
	renewal->stage_began = g_get_monotonic_time();
	progress_report(renewal->progress, name ? name : "ending", -1);
}

G_GNUC_PRINTF(2, 3) void renewal_tell(const struct renewal *renewal, const char *format, ...)
{
	va_list args;

	if (!renewal->request->tell)
		return;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	renewal->request->tell(text);
}

/* ---- from paths and units to changes ---- */

void renewal_reached_free(struct reached *reached)
{
	compiled_free(reached->compiled);
	g_ptr_array_unref(reached->files);
	g_clear_pointer(&reached->reads, g_ptr_array_unref);
	g_ptr_array_unref(reached->refusals);
	g_ptr_array_unref(reached->notes);
	g_clear_pointer(&reached->objects, g_ptr_array_unref);
	g_hash_table_unref(reached->alone);
	g_free(reached->state);
	g_free(reached);
}

/* A change of comments is the reason of nothing, unless there is no other. */
static GPtrArray *without_idle(GPtrArray *changes)
{
	GPtrArray *others = g_ptr_array_new();

	for (guint i = 0; i < changes->len; i++)
		if (!((const struct change *)g_ptr_array_index(changes, i))->idle)
			g_ptr_array_add(others, g_ptr_array_index(changes, i));
	if (!others->len)
		g_ptr_array_extend(others, changes, NULL, NULL);
	g_ptr_array_unref(changes);
	return others;
}

static void add_of_files(const struct renewal *renewal, const GPtrArray *files, GPtrArray *changes)
{
	for (guint i = 0; files && i < files->len; i++)
		selection_add_of_file(renewal->selection, g_ptr_array_index(files, i), changes);
}

/* The chosen changes that lead to a unit. */
GPtrArray *renewal_leading(const struct renewal *renewal, const struct reached *reached)
{
	GPtrArray *changes = g_ptr_array_new();

	add_of_files(renewal, reached->files, changes);
	return without_idle(changes);
}

/* The chosen changes of all files that a unit reads, whether by them or not. */
GPtrArray *renewal_visible(const struct renewal *renewal, const struct reached *reached)
{
	GPtrArray *changes = g_ptr_array_new();

	add_of_files(renewal, reached->files, changes);
	add_of_files(renewal, reached->reads, changes);
	return changes;
}

void renewal_refuse(struct renewal *renewal, const struct change *change, const GError *reason)
{
	const struct klatch_reason *told = klatch_error_reason(reason);

	if (selection_refuse(renewal->selection, change, reason))
		renewal_tell(renewal, "change %u is refused: %s%s%s: %.*s", change->number,
			     told->where ? told->where : "", told->where ? ": " : "", told->what,
			     (int)strcspn(told->why, "\n"), told->why);
}

void renewal_refuse_all(struct renewal *renewal, const GPtrArray *changes, const GError *reason)
{
	for (guint i = 0; i < changes->len; i++)
		renewal_refuse(renewal, g_ptr_array_index(changes, i), reason);
}
