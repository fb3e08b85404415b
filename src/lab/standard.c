/*
 * The standard plan: in which order a livepatch's targets are loaded, and what is done with them.
 */
#include "lab/standard.h"

#include <string.h>

#include "kernel/modules.h"
#include "lab/outside.h"

#define RELOADS 3

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
		plan_add_line(step, "unload", g_ptr_array_index(users, i));
	plan_add_line(step, "unload", target->name);
	plan_add_line(step, "load", target->name);
	for (guint i = 0; i < users->len; i++)
		plan_add_line(step, "load", g_ptr_array_index(users, i));
}

/*
 * What the target does and says without the livepatch.  Twice, as a second load may say something
 * else.  Targets that came along as its dependencies are removed too: the next step but one loads
 * the livepatch before its targets.
 */
static void add_baseline(struct plan *plan, const struct plan_target *target)
{
	struct plan_step *step =
		plan_add_step(plan, "load and remove %s without the livepatch", target->name);

	plan_add_line(step, "learn", NULL);
	for (int i = 0; i < 2; i++) {
		plan_add_line(step, "load", target->name);
		plan_add_line(step, "unload", target->name);
		for (guint j = target->needs->len; j-- > 0;)
			plan_add_line(step, "unload", g_ptr_array_index(target->needs, j));
	}
}

static void add_removal(struct plan *plan)
{
	struct plan_step *step = plan_add_step(plan, "disable the livepatch and remove it");

	plan_add_line(step, "disable", "livepatch");
	plan_add_line(step, "unload", "livepatch");
	plan_add_line(step, "wait", "300"); /* for what workqueues have to say */
}

/* An object may have callbacks alone. */
static void add_patched(struct plan_step *step, const char *object, guint functions)
{
	if (functions)
		plan_add_line(step, "patched", object);
}

static void add_load_livepatch(struct plan *plan, const char *when, guint functions)
{
	g_autofree char *patched =
		functions ? g_strdup_printf(", vmlinux: %u patched", functions) : g_strdup("");
	struct plan_step *step = plan_add_step(plan, "load the livepatch%s%s", when, patched);

	plan_add_line(step, "load", "livepatch");
	add_patched(step, "vmlinux", functions);
}

/* The livepatch comes first, its targets later, and go, and come again. */
static void add_late(struct plan *plan, guint functions, const GPtrArray *targets)
{
	add_load_livepatch(plan, targets->len ? " before its targets" : "", functions);
	for (guint i = 0; i < targets->len; i++) {
		const struct plan_target *target = g_ptr_array_index(targets, i);
		struct plan_step *step =
			plan_add_step(plan, "load %s under the livepatch: %u patched", target->name,
				      target->functions);

		plan_add_line(step, "load", target->name);
		add_patched(step, target->name, target->functions);
	}
	for (guint i = 0; i < targets->len; i++) {
		const struct plan_target *target = g_ptr_array_index(targets, i);
		struct plan_step *step;

		if (!target->removable)
			continue;
		step = plan_add_step(plan, "remove %s and load it again, %d times: %u patched",
				     target->name, RELOADS, target->functions);
		for (int j = 0; j < RELOADS; j++) {
			add_reload(step, targets, target);
			add_patched(step, target->name, target->functions);
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
			plan_add_step(plan, "%s, loaded before the livepatch: %u patched",
				      target->name, target->functions);

		add_patched(step, target->name, target->functions);
	}
}

struct plan *plan_standard(guint functions, const GPtrArray *targets, gboolean stays)
{
	struct plan *plan = plan_new("the standard plan");

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
			add_reload(plan_add_step(plan,
						 "remove %s and load it without the livepatch",
						 target->name),
				   targets, target);
	}
	if (stays)
		return plan;
	add_early(plan, functions, targets);
	add_removal(plan);
	return plan;
}

/* The kernel keeps a module for good that has an init function and no exit function. */
static gboolean is_removable(const struct kernel *kernel, const char *name, gboolean *removable,
			     GError **error)
{
	AUTO(object) object = modules_object(kernel, name, error);

	if (object)
		*removable = object_symbol(object, "cleanup_module") ||
			     !object_symbol(object, "init_module");
	return object != NULL;
}

/* One target, given the order in which it and what it needs are loaded. */
static struct plan_target *make_target(const struct kernel *kernel, const struct outside *livepatch,
				       const GPtrArray *order, GError **error)
{
	const char *name = order->pdata[order->len - 1];
	const struct check_object *object = outside_object(livepatch, name);
	struct plan_target *target;
	gboolean removable;

	if (!is_removable(kernel, name, &removable, error))
		return NULL;
	target = plan_target_new(name, object->functions->len + object->probes->len, removable);
	for (guint i = 0; i + 1 < order->len; i++)
		if (outside_object(livepatch, order->pdata[i]))
			g_ptr_array_add(target->needs, g_strdup(order->pdata[i]));
	return target;
}

/* The names of the targets and of all that they need, in order of loading. */
static GPtrArray *order_targets(const struct kernel *kernel, const struct outside *livepatch,
				GError **error)
{
	g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < livepatch->objects->len; i++) {
		const struct check_object *object = g_ptr_array_index(livepatch->objects, i);

		if (strcmp(object->name, "vmlinux") &&
		    !lab_dependencies(kernel, object->name, order, error))
			return NULL;
	}
	return g_steal_pointer(&order);
}

/* Array of struct plan_target, in order of loading. */
static GPtrArray *find_targets(const struct kernel *kernel, const struct outside *livepatch,
			       GError **error)
{
	g_autoptr(GPtrArray) order = order_targets(kernel, livepatch, error);
	g_autoptr(GPtrArray) targets =
		g_ptr_array_new_with_free_func((GDestroyNotify)plan_target_free);

	for (guint i = 0; order && i < order->len; i++) {
		g_autoptr(GPtrArray) needs = NULL;
		struct plan_target *target;

		if (!outside_object(livepatch, order->pdata[i]))
			continue;
		needs = modules_dependencies(kernel, order->pdata[i], error);
		target = needs ? make_target(kernel, livepatch, needs, error) : NULL;
		if (!target)
			return NULL;
		g_ptr_array_add(targets, target);
	}
	return order ? g_steal_pointer(&targets) : NULL;
}

struct plan *lab_standard_plan(const struct kernel *kernel, const char *path, GError **error)
{
	AUTO(outside) livepatch = outside_read(path, TRUE, error);
	g_autoptr(GPtrArray) targets = livepatch ? find_targets(kernel, livepatch, error) : NULL;
	const struct check_object *vmlinux;
	struct plan *plan;

	if (!targets)
		return NULL;
	vmlinux = outside_object(livepatch, "vmlinux");
	plan = plan_standard(vmlinux ? vmlinux->functions->len + vmlinux->probes->len : 0, targets,
			     livepatch->stays);
	plan_declare(plan, PLAN_LIVEPATCH, "livepatch", "")->path = g_strdup(path);
	return plan;
}
