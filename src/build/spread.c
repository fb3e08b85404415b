/*
 * The image says which functions lead to a changed one; the source, which units may define those;
 * the match of each such unit, where in the image it lies.  A place that nothing accounts for once
 * its unit was compared is a reason to refuse.
 */
#include "build/spread.h"

#include <string.h>

#include "base/error.h"
#include "base/names.h"
#include "build/candidate.h"
#include "diff/names.h"
#include "kernel/exports.h"
#include "kernel/modules.h"
#include "match/uses.h"
#include "tree/definers.h"

/* More than so many units are too many to compile for one function. */
#define UNIT_LIMIT 40

#define NAMES_SHOWN 3

struct spread {
	const struct kernel *kernel;
	const struct commands *commands;
	GHashTable *functions; /* set of char *, owned */
	GHashTable *probed;    /* likewise */
	GHashTable *asked;     /* set of guint64 *, owned: places whose units were asked for */
};

/* One changed function, and what is looked for. */
struct search {
	struct spread *spread;
	const struct candidate *candidate; /* that has it */
	const struct diff_copy *copy;
	const GArray *ranges; /* of struct range: code that is replaced, or a copy replaces */
	GHashTable *wanted;   /* set of char * of the image: functions that use it */
	GPtrArray *notes;
};

struct range {
	guint64 start, end;
};

struct spread *spread_new(const struct kernel *kernel, const struct commands *commands)
{
	struct spread *spread = g_new0(struct spread, 1);

	spread->kernel = kernel;
	spread->commands = commands;
	spread->functions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	spread->probed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	spread->asked = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return spread;
}

void spread_free(struct spread *spread)
{
	if (!spread)
		return;
	g_hash_table_unref(spread->functions);
	g_hash_table_unref(spread->probed);
	g_hash_table_unref(spread->asked);
	g_free(spread);
}

GHashTable *spread_functions(const struct spread *spread)
{
	return spread->functions;
}

GHashTable *spread_probed(const struct spread *spread)
{
	return spread->probed;
}

/* ---- code that is accounted for ---- */

/* The names of the functions of a unit that are replaced, or a copy of which its callers call. */
static GHashTable *accounted_names(const struct diff *diff)
{
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < diff->functions->len; i++) {
		const struct diff_function *function = g_ptr_array_index(diff->functions, i);

		if (function->original)
			g_hash_table_add(names, function->original->name);
	}
	for (guint i = 0; i < diff->copied->len; i++) {
		const struct diff_copy *copy = g_ptr_array_index(diff->copied, i);

		g_hash_table_add(names, copy->original->name);
	}
	return names;
}

/* Whether a symbol of the stock object is one of those functions, or its cold part. */
static gboolean is_accounted(GHashTable *names, const struct symbol *symbol)
{
	g_autofree char *parent = name_of_cold(symbol->name);

	return symbol->type == STT_FUNC && symbol->section &&
	       g_hash_table_contains(names, parent ? parent : symbol->name);
}

static void add_ranges(GArray *ranges, const struct candidate *candidate)
{
	g_autoptr(GHashTable) names = accounted_names(candidate->diff);

	for (guint i = 0; i < candidate->stock->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(candidate->stock, i);
		struct range range;

		if (!is_accounted(names, symbol) ||
		    !match_address(candidate->match, symbol, &range.start))
			continue;
		range.end = range.start + symbol->size;
		g_array_append_val(ranges, range);
	}
}

static gboolean is_vmlinux(const struct candidate *candidate)
{
	return !strcmp(candidate->compiled->unit->object, "vmlinux");
}

static GArray *accounted_ranges(const GPtrArray *candidates)
{
	GArray *ranges = g_array_new(FALSE, FALSE, sizeof(struct range));

	for (guint i = 0; i < candidates->len; i++) {
		const struct candidate *candidate = g_ptr_array_index(candidates, i);

		if (is_vmlinux(candidate))
			add_ranges(ranges, candidate);
	}
	return ranges;
}

static gboolean is_in(const GArray *ranges, guint64 place)
{
	for (guint i = 0; i < ranges->len; i++) {
		const struct range *range = &g_array_index(ranges, struct range, i);

		if (place >= range->start && place < range->end)
			return TRUE;
	}
	return FALSE;
}

/* ---- refusals ---- */

G_GNUC_PRINTF(3, 4)
static gboolean refuse(const struct search *search, GError **error, const char *format, ...)
{
	const char *name = search->copy->original->name;
	g_autofree char *what = g_strdup_printf("function %s can't be replaced", name);
	g_autofree char *where =
		g_strdup_printf("%s: %s", search->candidate->compiled->unit->source, name);
	va_list args;

	va_start(args, format);
	g_autofree char *why = g_strdup_vprintf(format, args);
	va_end(args);
	klatch_fail(error, KLATCH_REFUSED, what, where,
		    "make the change in a function that can be traced (one that is listed in "
		    "/sys/kernel/tracing/available_filter_functions)",
		    "%s, but it has no fentry site, and %s", search->copy->why, why);
	return FALSE;
}

/* Those who use it by name, when they are loaded. */
static gboolean check_named(const struct search *search, GError **error)
{
	const struct kernel *kernel = search->spread->kernel;
	const char *name = search->copy->original->name;
	g_autofree char *id = g_strdup_printf("__BTF_ID__func__%s__", name);
	struct exports *exports;
	gboolean exported;

	if (image_has_prefix(search->candidate->image, id))
		return refuse(search, error, "BPF programs can find it by its name");
	exports = exports_read(kernel->symvers, error);
	if (!exports)
		return FALSE;
	exported = exports_find(exports, name) != NULL;
	exports_free(exports);
	if (!exported)
		return TRUE;

	g_autoptr(GPtrArray) modules = modules_importing(kernel, name, error);
	if (!modules)
		return FALSE;
	if (modules->len) {
		g_autofree char *names = names_list(modules, NAMES_SHOWN);
		return refuse(search, error, "modules can call it: %s", names);
	}
	g_ptr_array_add(search->notes,
			g_strdup_printf("%s: %s is exported: modules that are not this kernel's "
					"keep the original",
					search->candidate->compiled->unit->source, name));
	return TRUE;
}

/* ---- those who use it in the image ---- */

/* Takes a use that nothing accounts for: its function is wanted, unless it was before. */
static gboolean want_user(const struct search *search, const struct image_use *use, GError **error)
{
	const struct image *image = search->candidate->image;
	g_autofree char *place = image_describe(image, use->place);
	const char *user = image_symbol(image, use->place);

	if (use->taken)
		return refuse(search, error, "its address is taken or held at %s", place);
	if (!user)
		return refuse(search, error, "code outside of any function calls it, at %s", place);
	if (!g_hash_table_add(search->spread->asked, g_memdup2(&use->place, sizeof(use->place))))
		return refuse(search, error,
			      "%s calls it, which is in none of the units that may define that",
			      user);
	g_hash_table_add(search->wanted, (gpointer)user);
	return TRUE;
}

static gboolean find_users(const struct search *search, GError **error)
{
	const struct symbol *function =
		object_symbol(search->candidate->stock, search->copy->original->name);
	guint64 address;

	if (!function || !match_address(search->candidate->match, function, &address))
		return refuse(search, error, "its place in vmlinux is not known");

	g_autoptr(GArray) uses = image_uses(search->candidate->image, address);
	for (guint i = 0; i < uses->len; i++) {
		const struct image_use *use = &g_array_index(uses, struct image_use, i);

		if ((use->taken || !is_in(search->ranges, use->place)) &&
		    !want_user(search, use, error))
			return FALSE;
	}
	return uses->len || search->candidate->diff->functions->len ||
	       refuse(search, error, "nothing that could be replaced instead calls it");
}

/* What of a unit changed and other units can call. */
static gboolean find_all_users(struct search *search, GError **error)
{
	const GPtrArray *copied = search->candidate->diff->copied;

	for (guint i = 0; i < copied->len; i++) {
		search->copy = g_ptr_array_index(copied, i);
		const char *name = search->copy->original->name;

		if (search->copy->original->binding == STB_LOCAL)
			continue;
		if ((g_hash_table_add(search->spread->functions, g_strdup(name)) &&
		     !check_named(search, error)) ||
		    !find_users(search, error))
			return FALSE;
	}
	return TRUE;
}

/* ---- their units ---- */

static gboolean choose_units(const struct search *search, GPtrArray *units, GError **error)
{
	g_autoptr(GHashTable) definers = NULL;
	GHashTableIter iter;
	gpointer name, found;

	if (!g_hash_table_size(search->wanted))
		return TRUE;
	definers = definers_find(search->spread->kernel, search->spread->commands, search->wanted,
				 error);
	if (!definers)
		return FALSE;
	g_hash_table_iter_init(&iter, definers);
	while (g_hash_table_iter_next(&iter, &name, &found)) {
		const GPtrArray *some = found;

		if (!some->len)
			return refuse(search, error,
				      "%s calls it, which no C source of vmlinux seems to define",
				      (char *)name);
		for (guint i = 0; i < some->len; i++)
			if (!g_ptr_array_find(units, some->pdata[i], NULL))
				g_ptr_array_add(units, some->pdata[i]);
	}
	return units->len <= UNIT_LIMIT ||
	       refuse(search, error, "%u units may have functions that call it, which is too many",
		      units->len);
}

/* ---- kprobes ---- */

/* Whether who calls what changed would be taken over by a kprobe. */
static gboolean callers_are_probed(const GPtrArray *candidates)
{
	for (guint i = 0; i < candidates->len; i++) {
		const struct candidate *candidate = g_ptr_array_index(candidates, i);

		for (guint j = 0; j < candidate->diff->functions->len; j++) {
			const struct diff_function *function =
				g_ptr_array_index(candidate->diff->functions, j);

			if (function->probed && function->promoted)
				return TRUE;
		}
	}
	return FALSE;
}

/* Leaves to kprobes what changed itself and can be; whether there was any. */
static gboolean probe_changed(struct spread *spread, const GPtrArray *candidates)
{
	gboolean any = FALSE;

	for (guint i = 0; i < candidates->len; i++) {
		const struct candidate *candidate = g_ptr_array_index(candidates, i);

		for (guint j = 0; j < candidate->diff->copied->len; j++) {
			const struct diff_copy *copy =
				g_ptr_array_index(candidate->diff->copied, j);

			if (copy->may_be_probed)
				any |= g_hash_table_add(spread->probed,
							g_strdup(copy->original->name));
		}
	}
	return any;
}

GPtrArray *spread_probe(struct spread *spread, const GPtrArray *candidates)
{
	GPtrArray *units;

	if (!probe_changed(spread, candidates))
		return NULL;
	/* As if nobody had looked for callers yet. */
	g_hash_table_remove_all(spread->functions);
	g_hash_table_remove_all(spread->asked);
	units = g_ptr_array_new();
	for (guint i = 0; i < candidates->len; i++) {
		const struct candidate *candidate = g_ptr_array_index(candidates, i);

		g_ptr_array_add(units, (gpointer)candidate->compiled->unit);
	}
	return units;
}

/* ---- the whole ---- */

GPtrArray *spread_units(struct spread *spread, const GPtrArray *candidates, GPtrArray *notes,
			GError **error)
{
	GPtrArray *again = callers_are_probed(candidates) ? spread_probe(spread, candidates) : NULL;
	g_autoptr(GPtrArray) units = g_ptr_array_new();
	g_autoptr(GArray) ranges = accounted_ranges(candidates);

	if (again)
		return again;
	for (guint i = 0; i < candidates->len; i++) {
		g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);
		struct search search = {
			.spread = spread,
			.candidate = g_ptr_array_index(candidates, i),
			.ranges = ranges,
			.wanted = wanted,
			.notes = notes,
		};

		if (!find_all_users(&search, error) || !choose_units(&search, units, error))
			return NULL;
	}
	return g_steal_pointer(&units);
}
