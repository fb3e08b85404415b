/*
 * The last two judges: whether the originals are what was shipped, and the livepatch itself.
 */
#include "renewal/inside.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "check/check.h"
#include "renewal/attribute.h"

/* ---- what was shipped, and the link ---- */

static gboolean keep_stock(struct compiled *compiled, const GError *problem, gpointer data,
			   GError **error)
{
	struct renewal *renewal = data;
	struct reached *reached = g_hash_table_lookup(renewal->by_unit, compiled->unit);

	reached->has_stock = TRUE;
	progress_report(renewal->progress, "compiling what was shipped",
			(double)++renewal->done / renewal->wanted);
	return TRUE;
}

static gboolean compile_stock(struct renewal *renewal, GError **error)
{
	g_autoptr(GPtrArray) units = g_ptr_array_new();

	for (guint i = 0; i < renewal->reached->len; i++) {
		struct reached *reached = g_ptr_array_index(renewal->reached, i);

		if (!reached->brings || reached->has_stock)
			continue;
		reached->compiled->kinds = 1 << COMPILE_STOCK;
		g_ptr_array_add(units, reached->compiled);
	}
	renewal_tell(renewal, "%u units to prove", units->len);
	return renewal_compile(renewal, units, keep_stock, error);
}

/* Without debug information, which is most of an object and not linked. */
static void drop_debug(struct object *object)
{
	for (guint i = 0; i < object->sections->len; i++) {
		struct section *section = object_section_at(object, i);

		if (!g_str_has_prefix(section->name, ".debug_"))
			continue;
		g_clear_pointer(&section->data, g_free);
		section->size = 0;
		g_array_set_size(section->relocs, 0);
	}
}

/* A unit read and compared again, for what is beyond comparing. */
static struct candidate *read_unit(struct renewal *renewal, const struct reached *reached,
				   GError **error)
{
	AUTO(candidate) candidate = candidate_new(reached->compiled);

	if (!candidate_diff(candidate, renewal->kernel->series, FALSE, &renewal_intent, error))
		return NULL;
	drop_debug(candidate->original);
	drop_debug(candidate->patched);
	return g_steal_pointer(&candidate);
}

static gboolean prove(struct renewal *renewal, struct reached *reached, GError **error)
{
	AUTO(candidate) candidate = read_unit(renewal, reached, error);
	g_autoptr(GPtrArray) changes = NULL;
	g_autoptr(GError) problem = NULL;

	if (!candidate)
		return FALSE;
	reached->proved = candidate_match(candidate, renewal->kernel, renewal->images, &problem);
	if (reached->proved)
		return TRUE;
	if (!g_error_matches(problem, KLATCH_ERROR, KLATCH_REFUSED)) {
		g_propagate_error(error, g_steal_pointer(&problem));
		return FALSE;
	}
	changes = renewal_leading(renewal, reached);
	renewal_refuse_all(renewal, changes, problem);
	return TRUE;
}

/* The fifth judge: whether the originals are what was shipped. */
gboolean renewal_judge_shipped(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;

	renewal_begin_stage(renewal, "stock");
	if (!compile_stock(renewal, error))
		return FALSE;
	renewal_begin_stage(renewal, "prove");
	for (guint i = 0; i < renewal->reached->len; i++) {
		struct reached *reached = g_ptr_array_index(renewal->reached, i);

		progress_report(renewal->progress, "proving the originals",
				(double)i / renewal->reached->len);
		if (reached->brings && !reached->proved && !prove(renewal, reached, error))
			return FALSE;
	}
	return TRUE;
}

static GPtrArray *read_units(struct renewal *renewal, GError **error)
{
	g_autoptr(GPtrArray) candidates =
		g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);

	for (guint i = 0; i < renewal->reached->len; i++) {
		const struct reached *reached = g_ptr_array_index(renewal->reached, i);
		struct candidate *candidate;

		progress_report(renewal->progress, "reading what is linked",
				(double)i / renewal->reached->len);
		if (!reached->brings)
			continue;
		candidate = read_unit(renewal, reached, error);
		if (!candidate)
			return NULL;
		g_ptr_array_add(candidates, candidate);
		if (!candidate_match(candidate, renewal->kernel, renewal->images, error))
			return NULL;
	}
	return g_steal_pointer(&candidates);
}

/* What the link refuses of a unit: by name, or else of all that leads to the unit. */
static void refuse_link(struct renewal *renewal, const struct link_refusal *refusal)
{
	const struct reached *reached = g_hash_table_lookup(renewal->by_unit, refusal->unit);
	g_autoptr(GPtrArray) leading = renewal_leading(renewal, reached);
	g_autoptr(GPtrArray) best = attribute_refusal(renewal->selection, leading, refusal->error);

	renewal_refuse_all(renewal, best->len ? best : leading, refusal->error);
}

/* A refusal that is of no unit: by name, or else by the source that it tells. */
static gboolean refuse_whole(struct renewal *renewal, const GError *refusal)
{
	guint before = renewal->selection->chosen->len;
	g_autoptr(GPtrArray) best =
		attribute_refusal(renewal->selection, renewal->selection->chosen, refusal);

	if (best->len)
		renewal_refuse_all(renewal, best, refusal);
	return renewal->selection->chosen->len < before;
}

static gboolean check(struct renewal *renewal, GError **error)
{
	g_autoptr(GPtrArray) findings = NULL;

	renewal_begin_stage(renewal, "check");
	findings = check_livepatch(renewal->kernel, renewal->made, error);
	if (!findings)
		return FALSE;
	for (guint i = 0; i < findings->len; i++)
		if (!refuse_whole(renewal, g_ptr_array_index(findings, i))) {
			g_propagate_error(error, g_error_copy(g_ptr_array_index(findings, i)));
			return FALSE;
		}
	return TRUE;
}

/* The CVEs that the changelog has for what goes live, each once.  Caller frees. */
static char **live_cves(const struct renewal *renewal)
{
	const GPtrArray *chosen = renewal->selection->chosen;
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GStrvBuilder) cves = g_strv_builder_new();

	for (guint i = 0; i < chosen->len; i++) {
		const struct change *change = g_ptr_array_index(chosen, i);
		g_autoptr(GPtrArray) functions = renewal_functions(renewal, change);

		for (guint j = 0; functions->len && j < change->entries->len; j++) {
			const struct changelog_entry *entry = change->entries->pdata[j];

			for (guint k = 0; k < entry->cves->len; k++)
				if (g_hash_table_add(known, entry->cves->pdata[k]))
					g_strv_builder_add(cves, entry->cves->pdata[k]);
		}
	}
	return g_strv_builder_end(cves);
}

/* A later release of the series takes the place of an earlier one, not the other way round:
 * 192002 of 6.1.192-2.  0 if the source has no such version. */
static guint version_of(const char *to)
{
	guint sublevel, revision;

	if (sscanf(to, "%*u.%*u.%u-%u", &sublevel, &revision) != 2 || revision > 999)
		return 0;
	return sublevel * 1000 + revision;
}

/* Links; what is refused is not an error. */
static gboolean link_units(struct renewal *renewal, const GPtrArray *candidates, GError **error)
{
	g_autofree char *directory = g_build_filename(renewal->directory, "link", NULL);
	g_autoptr(GPtrArray) refusals =
		g_ptr_array_new_with_free_func((GDestroyNotify)link_refusal_free);
	g_autoptr(GArray) units = candidates_to_link(candidates, NULL);
	g_autofree char *source =
		g_strdup_printf("linux %s to %s", renewal->result->from, renewal->result->to);
	const char *const sources[] = {source, NULL};
	g_auto(GStrv) cves = live_cves(renewal);
	const struct link_options options = {
		.name = renewal->name,
		.policy = KLATCH_REBIND,
		.replace = TRUE,
		.version = version_of(renewal->result->to),
		.cves = (const char *const *)cves,
		.sources = sources,
		.refusals = refusals,
		.kept = renewal->kept,
	};
	g_autoptr(GError) problem = NULL;

	if (!files_make_directory(directory, error))
		return FALSE;
	if (!units->len)
		return TRUE;
	g_ptr_array_set_size(renewal->kept, 0);
	if (link_livepatch(renewal->kernel, &options, (struct link_unit *)units->data, units->len,
			   directory, renewal->made, &problem))
		return TRUE;
	for (guint i = 0; i < refusals->len; i++)
		refuse_link(renewal, g_ptr_array_index(refusals, i));
	if (refusals->len || (g_error_matches(problem, KLATCH_ERROR, KLATCH_REFUSED) &&
			      refuse_whole(renewal, problem)))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&problem));
	return FALSE;
}

/* The last judge: the livepatch itself. */
gboolean renewal_judge_link(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;
	guint before = selection->chosen->len;
	g_autoptr(GPtrArray) candidates = NULL;

	/* The livepatch names the CVEs of what goes live. */
	if (!renewal_settle_credit(renewal, error))
		return FALSE;
	renewal_begin_stage(renewal, "read");
	candidates = read_units(renewal, error);
	if (!candidates)
		return FALSE;
	renewal_begin_stage(renewal, "link");
	if (g_unlink(renewal->made) && g_file_test(renewal->made, G_FILE_TEST_EXISTS))
		return FALSE;
	if (!link_units(renewal, candidates, error))
		return FALSE;
	g_clear_pointer(&candidates, g_ptr_array_unref);
	if (selection->chosen->len < before || !g_file_test(renewal->made, G_FILE_TEST_EXISTS))
		return TRUE;
	return check(renewal, error);
}
