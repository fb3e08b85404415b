/*
 * Plans: read, composed, and written for the guest.
 */
#include "lab/plan.h"

#include <string.h>

#include "base/error.h"

#define RELOADS 3

enum { WANTS_ARGUMENT = 1, NAMES_OBJECT = 2 };

static const struct verb {
	const char *name;
	guint flags;
} verbs[] = {
	{"load", WANTS_ARGUMENT | NAMES_OBJECT},
	{"unload", WANTS_ARGUMENT | NAMES_OBJECT},
	{"patched", WANTS_ARGUMENT | NAMES_OBJECT},
	{"disable", WANTS_ARGUMENT},
	{"learn", 0},
	{"run", WANTS_ARGUMENT},
	{"expect", WANTS_ARGUMENT},
	{"wait", WANTS_ARGUMENT},
};

static void step_free(gpointer data)
{
	struct plan_step *step = data;

	g_free(step->text);
	g_ptr_array_unref(step->lines);
	g_free(step);
}

static struct plan *plan_new(void)
{
	struct plan *plan = g_new0(struct plan, 1);

	plan->steps = g_ptr_array_new_with_free_func(step_free);
	return plan;
}

void plan_free(struct plan *plan)
{
	g_ptr_array_unref(plan->steps);
	g_free(plan);
}

struct plan_target *plan_target_new(const char *name, guint functions, gboolean removable)
{
	struct plan_target *target = g_new0(struct plan_target, 1);

	target->name = g_strdup(name);
	target->functions = functions;
	target->removable = removable;
	target->needs = g_ptr_array_new_with_free_func(g_free);
	return target;
}

void plan_target_free(struct plan_target *target)
{
	g_free(target->name);
	g_ptr_array_unref(target->needs);
	g_free(target);
}

static struct plan_step *add_step(struct plan *plan, const char *format, ...) G_GNUC_PRINTF(2, 3);
static struct plan_step *add_step(struct plan *plan, const char *format, ...)
{
	struct plan_step *step = g_new0(struct plan_step, 1);
	va_list arguments;

	va_start(arguments, format);
	step->text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	step->lines = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(plan->steps, step);
	return step;
}

static void add_line(struct plan_step *step, const char *verb, const char *argument)
{
	g_ptr_array_add(step->lines, g_strjoin(" ", verb, argument, NULL));
}

static const struct verb *find_verb(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

/* Adds what a line says.  Returns what is wrong with it, or NULL. */
static const char *parse_line(struct plan *plan, char *line)
{
	char *argument = line + strcspn(line, " \t");
	struct plan_step *step;
	const struct verb *verb;

	if (*argument)
		*argument++ = '\0';
	argument = g_strchug(argument);
	if (!strcmp(line, "step")) {
		add_step(plan, "%s", argument);
		return *argument ? NULL : "a step has a text";
	}
	verb = find_verb(line);
	if (!plan->steps->len)
		return "a plan begins with a step";
	if (!verb)
		return "there is no such verb";
	if (!*argument && verb->flags & WANTS_ARGUMENT)
		return "this verb wants an argument";
	if (verb->flags & NAMES_OBJECT)
		g_strdelimit(argument, "-", '_');
	step = plan->steps->pdata[plan->steps->len - 1];
	add_line(step, line, *argument ? argument : NULL);
	return NULL;
}

struct plan *plan_parse(const char *text, const char *name, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	AUTO(plan) plan = plan_new();
	const char *fault = NULL;
	guint number = 0;

	for (; lines[number] && !fault; number++) {
		char *line = g_strstrip(lines[number]);

		if (!g_utf8_validate(line, -1, NULL))
			fault = "this is no UTF-8 text";
		else if (*line && *line != '#')
			fault = parse_line(plan, line);
	}
	if (!fault && !plan->steps->len)
		fault = "it has no step";
	if (!fault)
		return g_steal_pointer(&plan);
	g_autofree char *where = g_strdup_printf("%s:%u", name, number);
	klatch_fail(error, KLATCH_INPUT, "the plan can't be read", where, "see klatch-try(1)", "%s",
		    fault);
	return NULL;
}

/* Targets that depend on one must be removed before it, and loaded again after it. */
static void add_reload(struct plan_step *step, const GPtrArray *targets,
		       const struct plan_target *target)
{
	g_autoptr(GPtrArray) users = g_ptr_array_new();

	for (guint i = 0; i < targets->len; i++) {
		const struct plan_target *other = g_ptr_array_index(targets, i);

		if (g_ptr_array_find_with_equal_func(other->needs, target->name, g_str_equal, NULL))
			g_ptr_array_add(users, other->name);
	}
	for (guint i = users->len; i-- > 0;)
		add_line(step, "unload", g_ptr_array_index(users, i));
	add_line(step, "unload", target->name);
	add_line(step, "load", target->name);
	for (guint i = 0; i < users->len; i++)
		add_line(step, "load", g_ptr_array_index(users, i));
}

/*
 * What the target does and says without the livepatch.  Twice, as a second load may say something
 * else.  Targets that came along as its dependencies are removed too: the next step but one loads
 * the livepatch before its targets.
 */
static void add_baseline(struct plan *plan, const struct plan_target *target)
{
	struct plan_step *step =
		add_step(plan, "load and remove %s without the livepatch", target->name);

	add_line(step, "learn", NULL);
	for (int i = 0; i < 2; i++) {
		add_line(step, "load", target->name);
		add_line(step, "unload", target->name);
		for (guint j = target->needs->len; j-- > 0;)
			add_line(step, "unload", g_ptr_array_index(target->needs, j));
	}
}

static void add_removal(struct plan *plan)
{
	struct plan_step *step = add_step(plan, "disable the livepatch and remove it");

	add_line(step, "disable", "livepatch");
	add_line(step, "unload", "livepatch");
	add_line(step, "wait", "300"); /* for what workqueues have to say */
}

static void add_load_livepatch(struct plan *plan, const char *when, guint functions)
{
	g_autofree char *patched =
		functions ? g_strdup_printf(", vmlinux: %u patched", functions) : g_strdup("");
	struct plan_step *step = add_step(plan, "load the livepatch%s%s", when, patched);

	add_line(step, "load", "livepatch");
	if (functions)
		add_line(step, "patched", "vmlinux");
}

/* The livepatch comes first, its targets later, and go, and come again. */
static void add_late(struct plan *plan, guint functions, const GPtrArray *targets)
{
	add_load_livepatch(plan, targets->len ? " before its targets" : "", functions);
	for (guint i = 0; i < targets->len; i++) {
		const struct plan_target *target = g_ptr_array_index(targets, i);
		struct plan_step *step = add_step(plan, "load %s under the livepatch: %u patched",
						  target->name, target->functions);

		add_line(step, "load", target->name);
		add_line(step, "patched", target->name);
	}
	for (guint i = 0; i < targets->len; i++) {
		const struct plan_target *target = g_ptr_array_index(targets, i);
		struct plan_step *step;

		if (!target->removable)
			continue;
		step = add_step(plan, "remove %s and load it again, %d times: %u patched",
				target->name, RELOADS, target->functions);
		for (int j = 0; j < RELOADS; j++) {
			add_reload(step, targets, target);
			add_line(step, "patched", target->name);
		}
	}
}

/* The livepatch comes when its targets are there. */
static void add_early(struct plan *plan, guint functions, const GPtrArray *targets)
{
	add_load_livepatch(plan, targets->len ? " after its targets" : " again", functions);
	for (guint i = 0; i < targets->len; i++) {
		const struct plan_target *target = g_ptr_array_index(targets, i);
		struct plan_step *step =
			add_step(plan, "%s, loaded before the livepatch: %u patched", target->name,
				 target->functions);

		add_line(step, "patched", target->name);
	}
}

struct plan *plan_standard(guint functions, const GPtrArray *targets)
{
	struct plan *plan = plan_new();

	for (guint i = 0; i < targets->len; i++) {
		const struct plan_target *target = g_ptr_array_index(targets, i);

		if (target->removable)
			add_baseline(plan, target);
	}
	add_late(plan, functions, targets);
	add_removal(plan);
	for (guint i = 0; i < targets->len; i++) {
		const struct plan_target *target = g_ptr_array_index(targets, i);

		if (target->removable)
			add_reload(add_step(plan, "remove %s and load it without the livepatch",
					    target->name),
				   targets, target);
	}
	add_early(plan, functions, targets);
	add_removal(plan);
	return plan;
}

char *plan_text(const struct plan *plan)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < plan->steps->len; i++) {
		const struct plan_step *step = g_ptr_array_index(plan->steps, i);

		g_string_append_printf(text, "step %s\n", step->text);
		for (guint j = 0; j < step->lines->len; j++)
			g_string_append_printf(text, "%s\n",
					       (char *)g_ptr_array_index(step->lines, j));
	}
	return g_string_free(text, FALSE);
}

GPtrArray *plan_arguments(const struct plan *plan, const char *verb)
{
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < plan->steps->len; i++) {
		const struct plan_step *step = g_ptr_array_index(plan->steps, i);

		for (guint j = 0; j < step->lines->len; j++) {
			g_auto(GStrv) words =
				g_strsplit_set(g_ptr_array_index(step->lines, j), " \t", 3);

			if (!strcmp(words[0], verb) && words[1] &&
			    !g_ptr_array_find_with_equal_func(arguments, words[1], g_str_equal,
							      NULL))
				g_ptr_array_add(arguments, g_strdup(words[1]));
		}
	}
	return arguments;
}
