/*
 * Any bytes as a set of klatch lab torture: refused by line, or events by chance are made of it,
 * and they are the same when they are gone through again.
 */
#include "lab/torture.h"

#define EVENTS 60

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autoptr(GError) error = NULL;
	AUTO(torture_set) set = torture_parse(text, "fuzz", &error);

	g_assert_true(!set == !!error);
	if (!set)
		return 0;
	g_autoptr(GArray) events = torture_events(set, (guint32)size, EVENTS);
	g_autoptr(GArray) possible = torture_possible(set, events);
	g_autofree char *scenario = torture_scenario(set, events);

	g_assert_cmpuint(events->len, >=, EVENTS);
	g_assert_cmpmem(events->data, events->len * sizeof(struct torture_event), possible->data,
			possible->len * sizeof(struct torture_event));
	g_assert_nonnull(scenario);
	return 0;
}
