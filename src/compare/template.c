/*
 * Templates to plans, line by line.
 */
#include "compare/template.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/builds.h"

const char *const template_names[] = {"late",	     "early",	      "reload",
				      "failed-init", "lacking-build", "other-build",
				      "flips",	     "latency",	      NULL};

/* What the plan calls the livepatches. */
#define LIVEPATCH "livepatch"
#define OWN	  "own"

static const struct {
	const char *variable, *label;
} builds[] = {
	[BUILD_OTHER] = {"$OTHER", "other-build"},
	[BUILD_LACKING] = {"$LACKING", "lacking-build"},
	[BUILD_FAILING] = {"$FAILING", "failing-build"},
};

struct filling {
	const struct template_values *values;
	struct plan *plan;
	struct plan_step *step;
	gboolean enabled, present;
};

static char *read_template(const char *name)
{
	g_autofree char *path = g_strconcat("/klatch/src/compare/scenarios/", name, NULL);
	g_autoptr(GBytes) bytes = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

	g_assert(bytes); /* it is part of the program */
	return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

char *template_title(const char *name)
{
	g_autofree char *text = read_template(name);

	g_assert(g_str_has_prefix(text, "# "));
	return g_strndup(text + 2, strcspn(text + 2, "\n"));
}

static void declare(struct plan *plan, enum plan_kind kind, const char *name, const char *path)
{
	if (path && !plan_item(plan, kind, name))
		plan_declare(plan, kind, name, "")->path = g_strdup(path);
}

/* The name in the plan of $T or of a build of it, which comes along when it is asked for. */
static const char *label_of(struct filling *filling, const char *word)
{
	for (gsize i = 0; i < G_N_ELEMENTS(builds); i++) {
		if (strcmp(word, builds[i].variable))
			continue;
		declare(filling->plan, PLAN_MODULE, builds[i].label, filling->values->builds[i]);
		return builds[i].label;
	}
	return strcmp(word, "$T") ? word : filling->values->target;
}

static void verb_enable(struct filling *filling, const char *word)
{
	if (filling->values->livepatch)
		plan_add_line(filling->step, "load", LIVEPATCH);
	if (filling->values->own && filling->present)
		plan_add_line(filling->step, "load", OWN);
	filling->enabled = TRUE;
}

static void remove_livepatch(struct filling *filling, const char *name)
{
	plan_add_line(filling->step, "disable", name);
	plan_add_line(filling->step, "unload", name);
}

static void verb_disable(struct filling *filling, const char *word)
{
	if (filling->values->own && filling->present)
		remove_livepatch(filling, OWN);
	if (filling->values->livepatch)
		remove_livepatch(filling, LIVEPATCH);
	filling->enabled = FALSE;
}

static void verb_come(struct filling *filling, const char *word)
{
	plan_add_line(filling->step, "load", label_of(filling, *word ? word : "$T"));
	if (filling->values->own && filling->enabled)
		plan_add_line(filling->step, "load", OWN);
	filling->present = TRUE;
}

static void verb_go(struct filling *filling, const char *word)
{
	plan_add_line(filling->step, "unload", filling->values->target);
	if (filling->values->own && filling->enabled)
		remove_livepatch(filling, OWN);
	filling->present = FALSE;
}

static void verb_events(struct filling *filling, const char *word)
{
	g_autofree char *argument = NULL;

	if (!filling->values->events)
		return;
	argument = g_strdup_printf("/sys/kernel/tracing/events/%s/enable %s",
				   filling->values->events, word);
	plan_add_line(filling->step, "write", argument);
}

static const struct {
	const char *name;
	void (*fill)(struct filling *filling, const char *word);
} verbs[] = {
	{"enable", verb_enable}, {"disable", verb_disable}, {"come", verb_come},
	{"go", verb_go},	 {"events", verb_events},
};

/* Any other verb is the plan's own. */
static void fill_verb(struct filling *filling, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	g_autofree char *rest = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (!strcmp(words[0], verbs[i].name)) {
			verbs[i].fill(filling, words[1] ? words[1] : "");
			return;
		}
	}
	for (guint i = 1; words[i]; i++) {
		char *label = g_strdup(label_of(filling, words[i]));

		g_free(words[i]);
		words[i] = label;
	}
	rest = g_strjoinv(" ", words + 1);
	plan_add_line(filling->step, words[0], rest);
}

/* Returns the line behind what was filled in: after `end`, or the NULL. */
static char **fill_lines(struct filling *filling, char **lines)
{
	for (; *lines && strcmp(*lines, "end"); lines++) {
		if (g_str_has_prefix(*lines, "step ")) {
			filling->step =
				plan_add_step(filling->plan, "%s", *lines + strlen("step "));
		} else if (g_str_has_prefix(*lines, "repeat ")) {
			char **body = lines + 1;

			for (int times = atoi(*lines + strlen("repeat ")); times > 0; times--)
				lines = fill_lines(filling, body);
		} else if (**lines == '\t') {
			fill_verb(filling, *lines + 1);
		}
	}
	return lines;
}

/*
 * Whether the target can be loaded and removed here at all, and what the kernel says of it without
 * a livepatch.
 */
static void add_baseline(struct filling *filling)
{
	struct plan_step *step = plan_add_step(filling->plan, "the target without the livepatch");

	plan_add_line(step, "learn", NULL);
	for (int i = 0; i < 2; i++) {
		plan_add_line(step, "load", filling->values->target);
		plan_add_line(step, "unload", filling->values->target);
	}
}

/* Whatever a scenario came to, the next begins without livepatch and target. */
static void add_end(struct filling *filling)
{
	filling->step = plan_add_step(filling->plan, "leave the machine as it was");
	if (filling->enabled)
		verb_disable(filling, "");
	if (filling->present)
		verb_go(filling, "");
}

gboolean template_possible(const char *name, const struct template_values *values)
{
	g_autofree char *text = read_template(name);

	for (gsize i = 0; i < G_N_ELEMENTS(builds); i++)
		if (strstr(text, builds[i].variable) && !values->builds[i])
			return FALSE;
	return TRUE;
}

static void fill(struct filling *filling, const char *name)
{
	g_autofree char *text = read_template(name);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	fill_lines(filling, lines);
	if (filling->enabled || filling->present)
		add_end(filling);
}

struct plan *template_plan(const char *const *names, const struct template_values *values,
			   GArray *ends)
{
	struct plan *plan = plan_new("the scenarios of compare");
	struct filling filling = {.values = values, .plan = plan};

	declare(plan, PLAN_LIVEPATCH, LIVEPATCH, values->livepatch);
	declare(plan, PLAN_LIVEPATCH, OWN, values->own);
	add_baseline(&filling);
	g_array_append_val(ends, plan->steps->len);
	for (; *names; names++) {
		if (template_possible(*names, values))
			fill(&filling, *names);
		g_array_append_val(ends, plan->steps->len);
	}
	return plan;
}
