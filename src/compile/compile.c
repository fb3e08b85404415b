/*
 * One shell line a compile, all of them in one go, the patched ones first.
 */
#include "compile/inside.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/files.h"

static const char *const kind_names[COMPILE_NR_KINDS] = {"patched", "original", "stock"};

void compiled_free(struct compiled *compiled)
{
	g_clear_error(&compiled->problem);
	g_free(compiled->stock);
	g_free(compiled->original);
	g_free(compiled->patched);
	g_free(compiled);
}

const char *compiled_output(const struct compiled *compiled, enum compile_kind kind)
{
	const char *const outputs[COMPILE_NR_KINDS] = {
		[COMPILE_PATCHED] = compiled->patched,
		[COMPILE_ORIGINAL] = compiled->original,
		[COMPILE_STOCK] = compiled->stock,
	};

	return outputs[kind];
}

static char *job_line(const struct compilation *compilation, const struct job *job)
{
	const struct kernel *kernel = compilation->kernel;
	const char *output = compiled_output(job->compiled, job->kind);

	if (job->kind == COMPILE_STOCK)
		return line_stock(kernel, job->compiled->unit, kernel->source, TRUE, output);
	return line_sections(
		compilation, job->compiled,
		job->kind == COMPILE_PATCHED ? compilation->overlay->root : kernel->source, output);
}

/* The biggest unit first, so that no long compile is left over at the end; its objects together. */
static int by_size_and_kind(gconstpointer a, gconstpointer b)
{
	const struct job *first = a, *second = b;

	if (first->size != second->size)
		return first->size < second->size ? 1 : -1;
	if (first->compiled != second->compiled)
		return strcmp(first->compiled->patched, second->compiled->patched);
	return (int)first->kind - (int)second->kind;
}

static void add_job(const struct compilation *compilation, GArray *jobs, struct compiled *compiled,
		    enum compile_kind kind)
{
	g_autofree char *path =
		g_build_filename(compilation->kernel->source, compiled->unit->source, NULL);
	struct job job = {.compiled = compiled, .kind = kind};
	GStatBuf status;

	if (!g_stat(path, &status))
		job.size = status.st_size;
	g_array_append_val(jobs, job);
	compiled->waiting++;
}

/* A unit all of whose objects are there goes on, unless it has to be compiled again. */
static gboolean end_unit(struct compilation *compilation, struct compiled *compiled, GError **error)
{
	if (compiled->kinds & 1 << COMPILE_PATCHED && !compiled->problem) {
		g_autoptr(GPtrArray) paths = reads_escapes(compilation, compiled, error);

		if (!paths)
			return FALSE;
		if (paths->len) {
			g_ptr_array_add(compilation->again, compiled);
			return TRUE;
		}
	}
	return compilation->done(compiled, compiled->problem, compilation->data, error);
}

static gboolean end_job(gsize number, const struct process_result *result, gpointer data,
			GError **error)
{
	struct compilation *compilation = data;
	const struct job *job = &g_array_index(compilation->jobs, struct job, number);

	if (!errors_of_job(compilation, job, result, error))
		return FALSE;
	return --job->compiled->waiting || end_unit(compilation, job->compiled, error);
}

static gboolean run_jobs(struct compilation *compilation, GArray *jobs, GError **error)
{
	g_auto(GStrv) lines = g_new0(char *, jobs->len + 1);
	g_autofree const char **arguments = NULL;

	g_array_sort(jobs, by_size_and_kind);
	for (guint i = 0; i < jobs->len; i++)
		lines[i] = job_line(compilation, &g_array_index(jobs, struct job, i));
	g_autofree struct process *processes =
		line_processes(compilation->kernel, lines, jobs->len, &arguments);
	compilation->jobs = jobs;
	/* One more than there are CPUs: the compiles of one unit then share two of them instead of
	 * leaving one idle in the end. */
	return process_run_each(processes, jobs->len, process_jobs() + 1, end_job, compilation,
				error);
}

/* Adds those that have to be done again, in directories that are real now. */
static gboolean run_again(struct compilation *compilation, GArray *jobs, GError **error)
{
	g_array_set_size(jobs, 0);
	for (guint i = 0; i < compilation->again->len; i++) {
		struct compiled *compiled = g_ptr_array_index(compilation->again, i);

		if (!reads_catch(compilation, compiled, error))
			return FALSE;
		add_job(compilation, jobs, compiled, COMPILE_PATCHED);
	}
	g_ptr_array_set_size(compilation->again, 0);
	return TRUE;
}

static gboolean run_all(struct compilation *compilation, const GPtrArray *units, GError **error)
{
	g_autoptr(GArray) jobs = g_array_new(FALSE, FALSE, sizeof(struct job));

	for (guint i = 0; i < units->len; i++) {
		struct compiled *compiled = g_ptr_array_index(units, i);

		g_clear_error(&compiled->problem);
		compiled->waiting = 0;
		for (enum compile_kind kind = 0; kind < COMPILE_NR_KINDS; kind++)
			if (compiled->kinds & 1 << kind)
				add_job(compilation, jobs, compiled, kind);
	}
	/* Each round makes another directory real, so this ends. */
	while (jobs->len)
		if (!run_jobs(compilation, jobs, error) || !run_again(compilation, jobs, error))
			return FALSE;
	return TRUE;
}

static char *output_path(const char *directory, guint number, const struct unit *unit,
			 enum compile_kind kind)
{
	g_autofree char *base = g_path_get_basename(unit->output);
	g_autofree char *file = g_strdup_printf("%u-%s-%s", number, kind_names[kind], base);

	return g_build_filename(directory, file, NULL);
}

struct compiled *compiled_new(const struct unit *unit, const char *directory, guint number,
			      gboolean types)
{
	struct compiled *compiled = g_new0(struct compiled, 1);

	compiled->unit = unit;
	compiled->types = types;
	compiled->kinds = (1 << COMPILE_NR_KINDS) - 1;
	compiled->patched = output_path(directory, number, unit, COMPILE_PATCHED);
	compiled->original = output_path(directory, number, unit, COMPILE_ORIGINAL);
	compiled->stock = output_path(directory, number, unit, COMPILE_STOCK);
	return compiled;
}

/* Commands that do not name the source can't be led to the overlay: nothing would seem to change.
 */
static gboolean check_place(const struct kernel *kernel, const struct unit *unit, GError **error)
{
	g_autofree char *command = line_unit(unit);

	if (strstr(command, kernel->source))
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, "the kernel was prepared in another place",
		    kernel->name, "prepare it again: klatch kernel rm, klatch kernel add",
		    "the command of %s does not name %s", unit->source, kernel->source);
	return FALSE;
}

static gboolean prepare(struct compilation *compilation, const GPtrArray *units, GError **error)
{
	if (!files_make_directory(compilation->directory, error) ||
	    !line_make_assembler(compilation, error))
		return FALSE;
	for (guint i = 0; i < units->len; i++) {
		const struct compiled *compiled = g_ptr_array_index(units, i);

		if (!check_place(compilation->kernel, compiled->unit, error) ||
		    !reads_unfold(compilation, compiled->unit, error))
			return FALSE;
	}
	return TRUE;
}

gboolean compile_each(const struct kernel *kernel, const struct overlay *overlay,
		      const GPtrArray *units, const char *directory, compile_done *done,
		      gpointer data, GError **error)
{
	g_autoptr(GHashTable) originals = reads_originals(kernel, overlay);
	g_autoptr(GPtrArray) again = g_ptr_array_new();
	struct compilation compilation = {
		.kernel = kernel,
		.overlay = overlay,
		.directory = directory,
		.originals = originals,
		.again = again,
		.done = done,
		.data = data,
	};
	gboolean good = prepare(&compilation, units, error) && run_all(&compilation, units, error);

	g_free(compilation.assembler);
	return good;
}

/* The first in order is the one that is told. */
static gboolean keep_problem(struct compiled *compiled, const GError *problem, gpointer data,
			     GError **error)
{
	return TRUE;
}

gboolean compile_all(const struct kernel *kernel, const struct overlay *overlay,
		     const GPtrArray *units, const char *directory, GError **error)
{
	if (!compile_each(kernel, overlay, units, directory, keep_problem, NULL, error))
		return FALSE;
	for (guint i = 0; i < units->len; i++) {
		struct compiled *compiled = g_ptr_array_index(units, i);

		if (!compiled->problem)
			continue;
		g_propagate_error(error, g_steal_pointer(&compiled->problem));
		return FALSE;
	}
	return TRUE;
}

GPtrArray *compile_units(const struct kernel *kernel, const struct overlay *overlay,
			 const GPtrArray *units, gboolean types, const char *directory,
			 GError **error)
{
	g_autoptr(GPtrArray) compiled =
		g_ptr_array_new_with_free_func((GDestroyNotify)compiled_free);

	for (guint i = 0; i < units->len; i++)
		g_ptr_array_add(compiled,
				compiled_new(g_ptr_array_index(units, i), directory, i, types));
	return compile_all(kernel, overlay, compiled, directory, error) ? g_steal_pointer(&compiled)
									: NULL;
}

gboolean compile_objtool(const struct kernel *kernel, const struct unit *unit, const char *path,
			 GError **error)
{
	if (!unit->objtool)
		return TRUE;

	g_autofree char *object = g_canonicalize_filename(path, NULL);
	g_autofree char *line = line_objtool(unit, object);
	const char *argv[] = {"sh", "-c", line, NULL};
	const struct process process = {
		.argv = argv, .directory = kernel->build, .environment = line_environment};
	AUTO_PROCESS_RESULT result = {0};
	if (!process_check(&process, "running objtool", &result, error))
		return FALSE;
	if (!*g_strstrip(result.errors))
		return TRUE;
	klatch_fail(error, KLATCH_REFUSED, "code can't be unwound for certain", unit->source, NULL,
		    "%s", result.errors);
	return FALSE;
}

/* ---- as the kernel's own build does it ---- */

static gboolean run_lines(const struct kernel *kernel, char *const *lines, guint count,
			  struct process_result *results, GError **error)
{
	g_autofree const char **arguments = NULL;
	g_autofree struct process *processes = line_processes(kernel, lines, count, &arguments);

	return process_run_all(processes, results, count, process_jobs() + 1, error);
}

gboolean compile_objtool_after_link(const struct unit *unit)
{
	return unit->objtool && strstr(unit->objtool, " --link");
}

char *compile_tree_object(const char *directory, const struct unit *unit)
{
	return g_build_filename(directory, unit->output, NULL);
}

static char *tree_line(const struct kernel *kernel, const struct unit *unit, const char *tree,
		       const char *directory, GError **error)
{
	g_autofree char *output = compile_tree_object(directory, unit);
	g_autofree char *below = g_path_get_dirname(output);

	if (!files_make_directory(below, error))
		return NULL;
	return line_stock(kernel, unit, tree, !compile_objtool_after_link(unit), output);
}

gboolean compile_tree(const struct kernel *kernel, const char *tree, const GPtrArray *units,
		      const char *directory, GError **error)
{
	g_auto(GStrv) lines = g_new0(char *, units->len + 1);
	g_autofree struct process_result *results = g_new0(struct process_result, units->len);
	gboolean patched = strcmp(tree, kernel->source) != 0;

	for (guint i = 0; i < units->len; i++) {
		lines[i] = tree_line(kernel, units->pdata[i], tree, directory, error);
		if (!lines[i])
			return FALSE;
	}

	gboolean good = run_lines(kernel, lines, units->len, results, error);
	for (guint i = 0; i < units->len; i++) {
		if (good && results[i].status) {
			errors_fail(patched, units->pdata[i], results[i].errors, tree, error);
			good = FALSE;
		}
		process_result_clear(&results[i]);
	}
	return good;
}

gboolean compile_source(const struct kernel *kernel, const struct unit *unit, const char *source,
			const char *output, GError **error)
{
	const char *own = strrchr(unit->arguments, ' '); /* the last word is the unit's source */
	g_autofree char *quoted = g_shell_quote(source), *quoted_output = g_shell_quote(output);
	g_autofree char *line = g_strdup_printf(UNSET "exec %s %.*s %s -g0 -pipe -c -o %s",
						unit->compile, (int)(own - unit->arguments),
						unit->arguments, quoted, quoted_output);
	const char *argv[] = {"sh", "-c", line, NULL};
	const struct process process = {
		.argv = argv, .directory = kernel->build, .environment = line_environment};
	AUTO_PROCESS_RESULT result = {0};

	return process_check(&process, "compiling what describes the module", &result, error);
}
