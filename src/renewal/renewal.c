/*
 * Everything is chosen at first.  Judges (renewal/selection.h) then look at what the chosen changes
 * make of the kernel, each at more than the one before: a few units that see each header, all
 * units, what was shipped, the link.  What a unit is refused for is led back to a change, which
 * leaves, whole.
 *
 * A unit is judged again only if a file that it reads is another one than when it was judged last.
 * What is compiled again all the same, after an interruption say, comes from ccache if there is
 * one; so all paths are the same in each round and each run.
 */
#include "renewal/inside.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/stages.h"
#include "build/products.h"
#include "kernel/cache.h"
#include "kernel/packages.h"
#include "link/kept.h"
#include "link/runtime.h"
#include "release/assign.h"
#include "renewal/attribute.h"
#include "tree/touched.h"
#include "tree/tree.h"

/* ---- what is asked for ---- */

static void ask(struct renewal *renewal)
{
	const GPtrArray *all = renewal->result->changes->all;

	for (guint i = 0; i < all->len; i++) {
		const struct change *change = g_ptr_array_index(all, i);
		const struct changed_file *first = g_ptr_array_index(change->files, 0);
		g_autoptr(GError) refusal = NULL;

		if (!renewal_is_asked(renewal, change))
			continue;
		selection_ask(renewal->selection, change);
		if (!change->obstacle)
			continue;
		klatch_fail(&refusal, KLATCH_REFUSED, "the change can't be made live", first->path,
			    "reboot into the new kernel", "%s", change->obstacle);
		renewal_refuse(renewal, change, refusal);
	}
	renewal_tell(renewal, "%u changes, %u of them asked for and possible", all->len,
		     renewal->selection->chosen->len);
}

/* ---- the two sources ---- */

/* A launcher that keeps what it compiled makes a run that was interrupted go on where it was. */
static void use_ccache(const struct renewal *renewal)
{
	g_autofree char *program = g_find_program_in_path("ccache");
	g_autofree char *kept = g_build_filename(renewal->directory, "ccache", NULL);

	if (!program || g_getenv("KLATCH_CC_LAUNCHER"))
		return;
	g_setenv("KLATCH_CC_LAUNCHER", program, TRUE);
	g_setenv("CCACHE_DIR", kept, TRUE);
	g_setenv("CCACHE_MAXSIZE", "8G", TRUE);
	/* What is new is compiled without being preprocessed first: -MMD says what was read. */
	g_setenv("CCACHE_DEPEND", "1", TRUE);
	/* The overlay's files are made anew; what they hold is what counts. */
	g_setenv("CCACHE_SLOPPINESS", "include_file_mtime,include_file_ctime", TRUE);
}

static gboolean open_kernel(struct renewal *renewal, GError **error)
{
	renewal->kernel = kernel_open(renewal->request->release, error);
	if (!renewal->kernel || !runtime_renew(renewal->kernel, error))
		return FALSE;
	renewal->commands = commands_open(renewal->kernel, error);
	if (!renewal->commands)
		return FALSE;
	renewal->built = built_of_kernel(renewal->kernel, renewal->commands, error);
	return renewal->built != NULL;
}

/* A tree that is there: it has a name, and no changelog. */
static gboolean open_tree(struct renewal *renewal, GError **error)
{
	const char *source = renewal->request->source;

	if (!g_file_test(source, G_FILE_TEST_IS_DIR)) {
		klatch_fail(error, KLATCH_USAGE, "there is no such source", source, NULL,
			    "it is no directory");
		return FALSE;
	}
	renewal->source = g_canonicalize_filename(source, NULL);
	renewal->result->to = g_path_get_basename(renewal->source);
	return TRUE;
}

static gboolean open_package(struct renewal *renewal, GError **error)
{
	struct renewal_result *result = renewal->result;
	g_autofree char *cache = kernel_cache();

	result->to = g_strdup(renewal->request->to);
	renewal->package =
		packages_source(renewal->kernel->series, &result->to, renewal->progress, error);
	if (!renewal->package)
		return FALSE;
	renewal->source = g_build_filename(cache, "sources", result->to, NULL);
	return tree_unpack(renewal->package, renewal->source, renewal->progress, error);
}

static gboolean open_source(struct renewal *renewal, GError **error)
{
	renewal->result->kernel = g_strdup(renewal->kernel->name);
	renewal->result->from = g_strdup(renewal->kernel->version);
	return renewal->request->source ? open_tree(renewal, error) : open_package(renewal, error);
}

/* Says of each change what it is in the changelog's words. */
static gboolean read_changelog(struct renewal *renewal, GError **error)
{
	struct renewal_result *result = renewal->result;

	if (!renewal->package)
		return TRUE;
	result->changelog = changelog_of_package(renewal->package, result->from, result->to, error);
	if (!result->changelog)
		return FALSE;
	g_ptr_array_unref(result->unclaimed);
	result->unclaimed = assign_entries(result->changes, result->changelog, error);
	return result->unclaimed != NULL;
}

static gboolean find_changes(struct renewal *renewal, GError **error)
{
	struct renewal_result *result = renewal->result;

	renewal_begin_stage(renewal, "split");
	result->changes = changes_between(renewal->kernel->source, renewal->source, renewal->built,
					  renewal->progress, error);
	if (!result->changes || !read_changelog(renewal, error))
		return FALSE;
	result->selection = renewal->selection = selection_new(result->changes);
	return TRUE;
}

/* ---- the result ---- */

static void outcome_free(struct change_outcome *outcome)
{
	g_ptr_array_unref(outcome->functions);
	g_free(outcome);
}

static void add_outcome(struct renewal *renewal, const struct change *change)
{
	struct change_outcome *outcome = g_new0(struct change_outcome, 1);

	outcome->change = change;
	outcome->refusal = selection_refusal(renewal->selection, change);
	outcome->functions = selection_has(renewal->selection, change)
				     ? renewal_functions(renewal, change)
				     : g_ptr_array_new_with_free_func(g_free);
	if (outcome->refusal)
		outcome->status = CHANGE_REFUSED;
	else if (!selection_asked(renewal->selection, change))
		outcome->status = CHANGE_NOT_ASKED;
	else
		outcome->status = outcome->functions->len ? CHANGE_LIVE : CHANGE_UNCHANGED;
	g_ptr_array_add(renewal->result->outcomes, outcome);
}

static void take_objects(struct renewal *renewal, const struct reached *reached)
{
	GPtrArray *objects = renewal->result->objects;

	for (guint i = 0; i < reached->notes->len; i++)
		g_ptr_array_add(renewal->result->notes,
				g_strdup_printf("%s: %s", reached->unit->source,
						(char *)reached->notes->pdata[i]));
	for (guint i = 0; reached->objects && i < reached->objects->len; i++)
		changed_objects_merge(objects, g_ptr_array_index(reached->objects, i));
}

static gboolean write_livepatch(struct renewal *renewal, GError **error)
{
	g_autoptr(GPtrArray) products = products_new();
	g_autofree char *file = g_strconcat(renewal->name, ".ko", NULL);
	const char *output = renewal->request->output ? renewal->request->output : file;

	if (!g_file_test(renewal->made, G_FILE_TEST_EXISTS))
		return TRUE;
	products_add(products, PRODUCT_LIVEPATCH, NULL, file, g_strdup(renewal->made));
	if (!products_write_file(products, output, error))
		return FALSE;
	renewal->result->livepatch = g_strdup(output);
	if (renewal->kept->len)
		g_ptr_array_add(renewal->result->notes,
				kept_describe("once disabled, the livepatch", renewal->kept));
	return TRUE;
}

static gboolean conclude(struct renewal *renewal, GError **error)
{
	const GPtrArray *all = renewal->result->changes->all;

	renewal_begin_stage(renewal, "write");
	for (guint i = 0; i < all->len; i++)
		add_outcome(renewal, g_ptr_array_index(all, i));
	for (guint i = 0; i < renewal->reached->len; i++)
		if (((const struct reached *)renewal->reached->pdata[i])->brings)
			take_objects(renewal, g_ptr_array_index(renewal->reached, i));
	gboolean good = write_livepatch(renewal, error);
	renewal_begin_stage(renewal, NULL);
	return good;
}

/* ---- all of it ---- */

static selection_judge *const judges[] = {renewal_judge_files,	 renewal_judge_samples,
					  renewal_judge_reach,	 renewal_judge_all,
					  renewal_judge_shipped, renewal_judge_link};

/* "klatch_6_1_192_2" of version 6.1.192-2. */
static char *name_of_version(const char *version)
{
	char *name = g_strconcat("klatch_", version, NULL);

	for (char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c))
			*c = '_';
	return name;
}

/* What a later run has no use for; ccache keeps what was compiled. */
static void clean(const struct renewal *renewal)
{
	static const char *const names[] = {"overlay", "alone", "alone-objects", "objects", "link"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(renewal->directory, names[i], NULL);

		files_remove_tree(path, NULL);
	}
}

/* With the directory locked: two runs to the same version would write the same files. */
static gboolean settle(struct renewal *renewal, GError **error)
{
	renewal->images = images_new(renewal->kernel);
	use_ccache(renewal);
	clean(renewal); /* an interrupted run left what it was at */
	if (!files_make_directory(renewal->directory, error) || !find_changes(renewal, error))
		return FALSE;
	ask(renewal);
	return selection_settle(renewal->selection, judges, G_N_ELEMENTS(judges), renewal, error) &&
	       conclude(renewal, error);
}

static gboolean run(struct renewal *renewal, GError **error)
{
	g_autofree char *cache = kernel_cache(), *place = NULL, *file = NULL, *lock_name = NULL;
	gboolean good;
	int lock;

	renewal_begin_stage(renewal, "open");
	if (!open_kernel(renewal, error) || !open_source(renewal, error))
		return FALSE;
	renewal->name = renewal->request->name ? g_strdup(renewal->request->name)
					       : name_of_version(renewal->result->to);
	place = g_strdup_printf("%s-to-%s", renewal->kernel->name, renewal->result->to);
	file = g_strconcat(renewal->name, ".ko", NULL);
	renewal->directory = g_build_filename(cache, "updates", place, NULL);
	renewal->kept = g_ptr_array_new_with_free_func(g_free);
	renewal->made = g_build_filename(renewal->directory, "link", file, NULL);
	lock_name = g_strconcat("update-", place, NULL);
	lock = cache_lock(lock_name, FALSE, error);
	if (lock < 0)
		return FALSE;
	good = settle(renewal, error);
	clean(renewal);
	close(lock);
	return good;
}

static struct renewal_result *result_new(void)
{
	struct renewal_result *result = g_new0(struct renewal_result, 1);

	result->outcomes = g_ptr_array_new_with_free_func((GDestroyNotify)outcome_free);
	result->objects = changed_objects_new();
	result->unclaimed = g_ptr_array_new();
	result->notes = g_ptr_array_new_with_free_func(g_free);
	result->stages = timed_stages_new();
	return result;
}

void renewal_result_free(struct renewal_result *result)
{
	g_free(result->kernel);
	g_free(result->from);
	g_free(result->to);
	g_free(result->livepatch);
	g_ptr_array_unref(result->outcomes);
	g_ptr_array_unref(result->objects);
	g_ptr_array_unref(result->notes);
	g_clear_pointer(&result->unclaimed, g_ptr_array_unref);
	g_array_unref(result->stages);
	g_clear_pointer(&result->selection, selection_free);
	g_clear_pointer(&result->changes, changes_free);
	g_clear_pointer(&result->changelog, changelog_free);
	g_free(result);
}

static void wide_clear(gpointer at)
{
	struct wide *wide = at;

	g_clear_error(&wide->refusal);
}

struct renewal_result *renewal_make(const struct renewal_request *request,
				    struct progress *progress, GError **error)
{
	AUTO(renewal_result) result = result_new();
	struct renewal renewal = {.request = request, .result = result, .progress = progress};
	gboolean good;

	renewal.overlaid = g_ptr_array_new();
	renewal.sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	renewal.reach = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					      (GDestroyNotify)touched_free);
	renewal.by_unit =
		g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)renewal_reached_free);
	renewal.reached = g_ptr_array_new();
	renewal.tried = g_hash_table_new(NULL, NULL);
	renewal.wide = g_array_new(FALSE, FALSE, sizeof(struct wide));
	g_array_set_clear_func(renewal.wide, wide_clear);
	good = run(&renewal, error);

	g_clear_pointer(&renewal.images, images_free);
	g_ptr_array_unref(renewal.reached);
	g_array_unref(renewal.wide);
	g_hash_table_unref(renewal.tried);
	g_hash_table_unref(renewal.by_unit);
	g_hash_table_unref(renewal.reach);
	g_ptr_array_unref(renewal.overlaid);
	g_hash_table_unref(renewal.sums);
	g_clear_pointer(&renewal.overlay, overlay_free);
	g_clear_pointer(&renewal.built, built_free);
	g_clear_pointer(&renewal.commands, commands_free);
	g_clear_pointer(&renewal.kernel, kernel_free);
	g_free(renewal.name);
	g_free(renewal.directory);
	g_free(renewal.source);
	g_free(renewal.package);
	g_free(renewal.made);
	g_clear_pointer(&renewal.kept, g_ptr_array_unref);
	return good ? g_steal_pointer(&result) : NULL;
}
