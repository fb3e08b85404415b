/*
 * Each step reads the objects that it needs, so that a unit which brings nothing costs no more than
 * its comparison.
 */
#include "build/candidate.h"

#include <string.h>

#include "build/intent.h"
#include "diff/calls.h"
#include "diff/opened.h"

struct images {
	const struct kernel *kernel;
	GHashTable *by_object; /* name to struct image */
};

struct candidate *candidate_new(const struct compiled *compiled)
{
	struct candidate *candidate = g_new0(struct candidate, 1);

	candidate->compiled = compiled;
	return candidate;
}

void candidate_free(struct candidate *candidate)
{
	g_clear_pointer(&candidate->diff, diff_free);
	g_clear_pointer(&candidate->match, match_free);
	g_clear_pointer(&candidate->stock, object_free);
	g_clear_pointer(&candidate->original, object_free);
	g_clear_pointer(&candidate->patched, object_free);
	g_free(candidate);
}

static gboolean is_vmlinux(const struct candidate *candidate)
{
	return !strcmp(candidate->compiled->unit->object, "vmlinux");
}

/*
 * Whether a kprobe may lie in functions of a source file: not in what runs when one is hit, while
 * the kernel's own state is not yet as C code expects it, or where the livepatch core switches
 * tasks.  Nor in what handlers of other kprobes call, BPF programs for example: there a kprobe is
 * passed by.
 */
static gboolean may_be_probed(const char *source)
{
	static const char *const beneath[] = {
		"arch/x86/entry/",
		"arch/x86/include/",
		"arch/x86/kernel/",
		"arch/x86/lib/",
		"arch/x86/mm/",
		"kernel/bpf/",
		"kernel/context_tracking.c",
		"kernel/entry/",
		"kernel/events/",
		"kernel/kprobes.c",
		"kernel/livepatch/",
		"kernel/locking/",
		"kernel/rcu/",
		"kernel/sched/",
		"kernel/trace/bpf_trace.c",
		"kernel/trace/fprobe.c",
		"kernel/trace/rethook.c",
		"kernel/trace/ring_buffer.c",
		"kernel/trace/trace_event_perf.c",
		"kernel/trace/trace_kprobe.c",
		"kernel/trace/trace_probe",
		"lib/",
		"mm/maccess.c",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(beneath); i++)
		if (g_str_has_prefix(source, beneath[i]))
			return FALSE;
	return TRUE;
}

gboolean candidate_diff(struct candidate *candidate, guint series, gboolean types,
			const struct diff_intent *intent, GError **error)
{
	candidate->original = object_read(candidate->compiled->original, error);
	if (!candidate->original)
		return FALSE;
	candidate->patched = object_read(candidate->compiled->patched, error);
	if (!candidate->patched)
		return FALSE;
	g_auto(GStrv) symbols = intent_symbols(intent ? intent->skip_data : NULL,
					       candidate->compiled->unit->source);
	const struct diff_intent own = {
		.skip_init = intent && intent->skip_init,
		.unattended = intent && intent->unattended,
		.skip_data = (const char *const *)symbols,
		.builtin = is_vmlinux(candidate),
		.probes = may_be_probed(candidate->compiled->unit->source),
		.spread = intent && is_vmlinux(candidate) ? intent->spread : NULL,
		.probed = intent ? intent->probed : NULL,
	};
	candidate->diff =
		diff_objects(candidate->original, candidate->patched, series, types, &own, error);
	return candidate->diff != NULL;
}

gboolean candidate_brings_anything(const struct candidate *candidate)
{
	return candidate->diff->functions->len || g_hash_table_size(candidate->diff->sections);
}

gboolean candidate_takes_part(const struct candidate *candidate)
{
	g_autoptr(GPtrArray) opened = diff_opened(candidate->diff);

	return opened->len || candidate_brings_anything(candidate);
}

struct images *images_new(const struct kernel *kernel)
{
	struct images *images = g_new0(struct images, 1);

	images->kernel = kernel;
	images->by_object =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)image_free);
	return images;
}

static const struct image *images_get(struct images *images, const char *object, GError **error)
{
	struct image *image = g_hash_table_lookup(images->by_object, object);

	if (!image) {
		image = image_open(images->kernel, object, error);
		if (image)
			g_hash_table_insert(images->by_object, g_strdup(object), image);
	}
	return image;
}

void images_free(struct images *images)
{
	g_hash_table_unref(images->by_object);
	g_free(images);
}

gboolean candidate_match(struct candidate *candidate, const struct kernel *kernel,
			 struct images *images, GError **error)
{
	candidate->image = images_get(images, candidate->compiled->unit->object, error);
	if (!candidate->image)
		return FALSE;
	candidate->stock = object_read(candidate->compiled->stock, error);
	if (!candidate->stock)
		return FALSE;
	candidate->match = match_unit(candidate->image, candidate->stock, error);
	/* What differs from the original is told by functions: they must be those that run. */
	return candidate->match &&
	       calls_compare(candidate->stock, candidate->original, kernel->series, error);
}

GArray *candidates_to_link(const GPtrArray *candidates, const char *object)
{
	GArray *units = g_array_new(FALSE, FALSE, sizeof(struct link_unit));
	gboolean any = FALSE;

	for (guint i = 0; i < candidates->len; i++) {
		struct candidate *candidate = g_ptr_array_index(candidates, i);
		const struct unit *unit = candidate->compiled->unit;

		if (!candidate_takes_part(candidate) || (object && strcmp(unit->object, object)))
			continue;
		struct link_unit entry = {
			.unit = unit,
			.image = candidate->image,
			.stock = candidate->stock,
			.match = candidate->match,
			.original = candidate->original,
			.patched = candidate->patched,
			.diff = candidate->diff,
		};
		g_array_append_val(units, entry);
		any |= candidate_brings_anything(candidate);
	}
	if (!any)
		g_array_set_size(units, 0);
	return units;
}

/* ---- what changes ---- */

static void changed_function_free(struct changed_function *function)
{
	g_free(function->name);
	g_free(function->why);
	g_free(function);
}

static void changed_object_free(struct changed_object *object)
{
	g_free(object->name);
	g_ptr_array_unref(object->functions);
	g_free(object);
}

GPtrArray *changed_objects_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)changed_object_free);
}

/* The entry of an object, made when its first unit comes. */
static struct changed_object *object_entry(GPtrArray *objects, const char *name)
{
	for (guint i = 0; i < objects->len; i++) {
		struct changed_object *entry = g_ptr_array_index(objects, i);

		if (!strcmp(entry->name, name))
			return entry;
	}
	struct changed_object *entry = g_new0(struct changed_object, 1);
	entry->name = g_strdup(name);
	entry->functions = g_ptr_array_new_with_free_func((GDestroyNotify)changed_function_free);
	g_ptr_array_add(objects, entry);
	return entry;
}

static void list_function(struct changed_object *entry, const char *name, const char *change,
			  const char *why)
{
	struct changed_function *listed = g_new0(struct changed_function, 1);

	listed->name = g_strdup(name);
	listed->change = change;
	listed->why = g_strdup(why);
	g_ptr_array_add(entry->functions, listed);
}

void changed_objects_add(GPtrArray *objects, const struct candidate *candidate)
{
	struct changed_object *entry = object_entry(objects, candidate->compiled->unit->object);

	for (guint i = 0; i < candidate->diff->functions->len; i++) {
		const struct diff_function *function =
			g_ptr_array_index(candidate->diff->functions, i);
		const struct symbol *symbol =
			function->original ? function->original : function->patched;

		list_function(entry, symbol->name, function->change == DIFF_NEW ? "new" : "changed",
			      function->why);
	}
}

void changed_objects_merge(GPtrArray *objects, const struct changed_object *object)
{
	struct changed_object *entry = object_entry(objects, object->name);

	for (guint i = 0; i < object->functions->len; i++) {
		const struct changed_function *function = g_ptr_array_index(object->functions, i);

		list_function(entry, function->name, function->change, function->why);
	}
}
