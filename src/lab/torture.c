/*
 * Events by chance, and the scenario of them.
 */
#include "lab/torture.h"

#include <string.h>

#include "lab/torture_model.h"

/* How often, against each other; those of livepatches are dear, as the kernel retries a transition
 * once a second. */
static const struct {
	const char *name;
	guint weight;
} kinds[TORTURE_KINDS] = {
	[TORTURE_LOAD] = {"load", 20},		 [TORTURE_UNLOAD] = {"unload", 14},
	[TORTURE_RELOAD] = {"reload", 14},	 [TORTURE_OTHER] = {"another build of", 8},
	[TORTURE_FAIL] = {"failing load of", 8}, [TORTURE_FLIP] = {"flip", 16},
	[TORTURE_ENABLE] = {"enable", 4},	 [TORTURE_DISABLE] = {"disable", 2},
	[TORTURE_SETTLE] = {"settle", 5},	 [TORTURE_REMOVE] = {"remove", 4},
};

const char *torture_kind_name(enum torture_kind kind)
{
	return kinds[kind].name;
}

/* Every event of a kind that there is in a set, possible now or not. */
static GArray *all_events(const struct torture_set *set, enum torture_kind kind)
{
	GArray *events = g_array_new(FALSE, FALSE, sizeof(struct torture_event));
	const GPtrArray *of = kind == TORTURE_FAIL   ? set->failures
			      : kind == TORTURE_FLIP ? set->flips
			      : kind < TORTURE_FAIL  ? set->targets
						     : set->livepatches;

	for (guint i = 0; i < of->len; i++) {
		const struct torture_target *target = of->pdata[i];
		const struct torture_flip *flip = of->pdata[i];
		guint choices = kind == TORTURE_FLIP	? g_strv_length(flip->values)
				: kind == TORTURE_OTHER ? target->others->len
							: 1;

		for (guint choice = 0; choice < choices; choice++)
			g_array_append_vals(events, &(struct torture_event){kind, i, choice}, 1);
	}
	return events;
}

/* Those of a kind that are possible now. */
static GArray *allowed_events(const struct torture_set *set, const struct model *model,
			      enum torture_kind kind)
{
	GArray *events = all_events(set, kind);
	guint kept = 0;

	for (guint i = 0; i < events->len; i++) {
		struct torture_event *event = &g_array_index(events, struct torture_event, i);

		if (model_allows(model, event))
			g_array_index(events, struct torture_event, kept++) = *event;
	}
	return g_array_set_size(events, kept);
}

/* The kind by its weight among those that have an event, then one of its events. */
static struct torture_event draw(const struct torture_set *set, const struct model *model,
				 GRand *chance)
{
	GArray *events[TORTURE_KINDS];
	struct torture_event event;
	guint total = 0, kind = 0, drawn;

	for (guint i = 0; i < TORTURE_KINDS; i++) {
		events[i] = allowed_events(set, model, i);
		total += events[i]->len ? kinds[i].weight : 0;
	}
	/* There is always one: what is loaded can go, what is not can come. */
	for (drawn = (guint)g_rand_int_range(chance, 0, (gint32)total);; kind++) {
		guint weight = events[kind]->len ? kinds[kind].weight : 0;

		if (drawn < weight)
			break;
		drawn -= weight;
	}
	drawn = (guint)g_rand_int_range(chance, 0, (gint32)events[kind]->len);
	event = g_array_index(events[kind], struct torture_event, drawn);
	for (guint i = 0; i < TORTURE_KINDS; i++)
		g_array_unref(events[i]);
	return event;
}

static void happen(struct model *model, const struct torture_event *event, GArray *events)
{
	model_apply(model, event);
	g_array_append_val(events, *event);
}

/* Ends everything: each of these makes one of the others possible, in this order. */
static void wind_down(const struct torture_set *set, struct model *model, GArray *events)
{
	static const enum torture_kind ends[] = {TORTURE_SETTLE, TORTURE_DISABLE, TORTURE_REMOVE,
						 TORTURE_UNLOAD};
	gsize i = 0;

	while (i < G_N_ELEMENTS(ends)) {
		g_autoptr(GArray) possible = allowed_events(set, model, ends[i]);

		if (!possible->len) {
			i++;
			continue;
		}
		happen(model, &g_array_index(possible, struct torture_event, 0), events);
		i = 0;
	}
}

GArray *torture_events(const struct torture_set *set, guint32 seed, guint count)
{
	g_autoptr(GRand) chance = g_rand_new_with_seed(seed);
	AUTO(model) model = model_new(set);
	GArray *events = g_array_new(FALSE, FALSE, sizeof(struct torture_event));

	while (events->len < count) {
		const struct torture_event event = draw(set, model, chance);

		happen(model, &event, events);
	}
	wind_down(set, model, events);
	return events;
}

GArray *torture_possible(const struct torture_set *set, const GArray *events)
{
	AUTO(model) model = model_new(set);
	GArray *possible = g_array_new(FALSE, FALSE, sizeof(struct torture_event));

	for (guint i = 0; i < events->len; i++) {
		const struct torture_event *event = &g_array_index(events, struct torture_event, i);

		if (model_allows(model, event))
			happen(model, event, possible);
	}
	return possible;
}

/* Programs are begun with the first event and stopped with the last, by their names alone. */
static void write_programs(const struct torture_set *set, const char *verb, gboolean arguments,
			   GString *scenario)
{
	for (guint i = 0; i < set->programs->len; i++) {
		const char *program = g_ptr_array_index(set->programs, i);
		gsize length = strcspn(program, arguments ? "" : " ");

		g_string_append_printf(scenario, "\t%s %.*s\n", verb, (int)length, program);
	}
}

char *torture_scenario(const struct torture_set *set, const GArray *events)
{
	AUTO(model) model = model_new(set);
	GString *scenario = g_string_new(set->declarations);

	for (guint i = 0; i < events->len; i++) {
		const struct torture_event *event = &g_array_index(events, struct torture_event, i);
		g_autofree char *words = model_describe(model, event);

		g_string_append_printf(scenario, "step %u: %s\n", i + 1, words);
		if (i == 0)
			write_programs(set, "begin run", TRUE, scenario);
		model_write_event(model, event, scenario);
		model_apply(model, event);
		model_write_checks(model, scenario);
		if (i + 1 == events->len)
			write_programs(set, "stop", FALSE, scenario);
	}
	return g_string_free(scenario, FALSE);
}
