/*
 * How long each stage of a piece of work took.
 */
#include "base/stages.h"

GArray *timed_stages_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(struct timed_stage));
}

void timed_stages_add(GArray *stages, const char *name, gint64 began)
{
	double seconds = (double)(g_get_monotonic_time() - began) / 1e6;

	for (guint i = 0; i < stages->len; i++) {
		struct timed_stage *stage = &g_array_index(stages, struct timed_stage, i);

		if (!g_strcmp0(stage->name, name)) {
			stage->seconds += seconds;
			return;
		}
	}
	struct timed_stage stage = {name, seconds};
	g_array_append_val(stages, stage);
}
