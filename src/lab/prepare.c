/*
 * Before a trial: what the livepatch replaces, in which order its targets are loaded, the plan.
 */
#include "lab/prepare.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "elf/object.h"
#include "kernel/modules.h"

void preparation_free(struct preparation *preparation)
{
	g_free(preparation->name);
	g_clear_pointer(&preparation->needs, g_ptr_array_unref);
	g_clear_pointer(&preparation->objects, g_ptr_array_unref);
	g_clear_pointer(&preparation->targets, g_ptr_array_unref);
	g_clear_pointer(&preparation->plan, plan_free);
	g_free(preparation);
}
static gboolean has_name(const GPtrArray *names, const char *name)
{
	return g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL);
}

gboolean prepare_dependencies(const struct kernel *kernel, const char *name, GPtrArray *names,
			      GError **error)
{
	g_autoptr(GPtrArray) order = modules_dependencies(kernel, name, error);

	for (guint i = 0; order && i < order->len; i++)
		if (!has_name(names, order->pdata[i]))
			g_ptr_array_add(names, g_strdup(order->pdata[i]));
	return order != NULL;
}

static gboolean read_livepatch(struct preparation *preparation, GError **error)
{
	const char *path = preparation->trial->livepatch;
	AUTO(object) object = object_read(path, error);
	g_autofree char *depends = NULL;
	g_auto(GStrv) names = NULL;

	if (!object)
		return FALSE;
	preparation->name = modules_info(object, "name");
	if (!preparation->name) {
		klatch_fail(error, KLATCH_INPUT, "this is no livepatch", path, NULL,
			    "it has no module name");
		return FALSE;
	}
	depends = modules_info(object, "depends");
	names = g_strsplit(depends ? depends : "", ",", -1);
	for (guint i = 0; names[i]; i++)
		if (*names[i] && !prepare_dependencies(preparation->trial->kernel, names[i],
						       preparation->needs, error))
			return FALSE;
	preparation->objects = check_objects(path, error);
	return preparation->objects != NULL;
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

static const struct check_object *find_object(const struct preparation *preparation,
					      const char *name)
{
	for (guint i = 0; i < preparation->objects->len; i++) {
		const struct check_object *object = g_ptr_array_index(preparation->objects, i);

		if (!strcmp(object->name, name))
			return object;
	}
	return NULL;
}

/* One target, given the order in which it and what it needs are loaded. */
static struct plan_target *make_target(const struct preparation *preparation,
				       const GPtrArray *order, GError **error)
{
	const char *name = order->pdata[order->len - 1];
	const struct check_object *object = find_object(preparation, name);
	struct plan_target *target;
	gboolean removable;

	if (!is_removable(preparation->trial->kernel, name, &removable, error))
		return NULL;
	target = plan_target_new(name, object->functions->len, removable);
	for (guint i = 0; i + 1 < order->len; i++)
		if (find_object(preparation, order->pdata[i]))
			g_ptr_array_add(target->needs, g_strdup(order->pdata[i]));
	return target;
}

static gboolean find_targets(struct preparation *preparation, GError **error)
{
	const struct kernel *kernel = preparation->trial->kernel;
	g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < preparation->objects->len; i++) {
		const struct check_object *object = g_ptr_array_index(preparation->objects, i);

		if (strcmp(object->name, "vmlinux") &&
		    !prepare_dependencies(kernel, object->name, order, error))
			return FALSE;
	}
	for (guint i = 0; i < order->len; i++) {
		g_autoptr(GPtrArray) needs = NULL;
		struct plan_target *target;

		if (!find_object(preparation, order->pdata[i]))
			continue;
		needs = modules_dependencies(kernel, order->pdata[i], error);
		target = needs ? make_target(preparation, needs, error) : NULL;
		if (!target)
			return FALSE;
		g_ptr_array_add(preparation->targets, target);
	}
	return TRUE;
}

static gboolean make_plan(struct preparation *preparation, GError **error)
{
	const struct check_object *vmlinux = find_object(preparation, "vmlinux");
	const char *path = preparation->trial->plan;
	g_autofree char *text = NULL;

	if (!path) {
		preparation->plan =
			plan_standard(vmlinux ? vmlinux->functions->len : 0, preparation->targets);
		return TRUE;
	}
	text = files_read_text(path, error);
	preparation->plan = text ? plan_parse(text, path, error) : NULL;
	return preparation->plan != NULL;
}

struct preparation *prepare(const struct lab_trial *trial, GError **error)
{
	AUTO(preparation) preparation = g_new0(struct preparation, 1);

	preparation->trial = trial;
	preparation->needs = g_ptr_array_new_with_free_func(g_free);
	preparation->targets = g_ptr_array_new_with_free_func((GDestroyNotify)plan_target_free);
	if (!read_livepatch(preparation, error) || !find_targets(preparation, error) ||
	    !make_plan(preparation, error))
		return NULL;
	return g_steal_pointer(&preparation);
}
