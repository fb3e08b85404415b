/*
 * One shell line a compile, all of them in one go, the patched ones first.
 *
 * A patched unit has the unit's own command with the overlay in the source tree's place, so that
 * every path that the compiler sees differs in that prefix alone, and -fmacro-prefix-map takes it
 * off again.
 */
#include "compile/compile.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "tree/shell.h"

/* How many of the compiler's errors a refusal holds. */
#define MOST_ERRORS 10

/* What the compiler would take from the user's environment. */
#define UNSET                                                                                      \
	"unset CPATH C_INCLUDE_PATH COMPILER_PATH GCC_EXEC_PREFIX LIBRARY_PATH "                   \
	"DEPENDENCIES_OUTPUT SUNPRO_DEPENDENCIES GCC_COMPARE_DEBUG; "

enum kind { PATCHED, ORIGINAL, STOCK, KINDS };

static const char *const kind_names[KINDS] = {"patched", "original", "stock"};

struct compilation {
	const struct kernel *kernel;
	const struct overlay *overlay;
	const char *directory;
	const char *assembler; /* directory of the assembler's wrapper */
	gboolean types;
	GPtrArray *compiled; /* of struct compiled */
};

struct job {
	struct compiled *compiled;
	enum kind kind;
	goffset size; /* of the source */
};

static const char *const environment[] = {"LC_ALL=C", NULL};

static void compiled_free(struct compiled *compiled)
{
	g_free(compiled->stock);
	g_free(compiled->original);
	g_free(compiled->patched);
	g_free(compiled);
}

static const char *output_of(const struct compiled *compiled, enum kind kind)
{
	const char *const outputs[KINDS] = {
		[PATCHED] = compiled->patched,
		[ORIGINAL] = compiled->original,
		[STOCK] = compiled->stock,
	};

	return outputs[kind];
}

/* Where the compiler lists what it read for an object. */
static char *dependencies_of(const char *object)
{
	return g_strconcat(object, ".d", NULL);
}

/*
 * The jump that becomes a jump label's NOP is 2 or 5 bytes long, as the assembler finds; a label
 * that is bound late needs 5.  So the assembler of original and patched is a script that asks for
 * them. It reads its standard input alone: compiles are run with -pipe.
 */
static gboolean make_assembler(const struct compilation *compilation, GError **error)
{
	const char *argv[] = {compilation->kernel->compiler, "-print-prog-name=as", NULL};
	const struct process process = {.argv = argv, .environment = environment};
	AUTO_PROCESS_RESULT result = {0};

	if (!process_check(&process, "finding the assembler", &result, error))
		return FALSE;

	g_autofree char *path = g_build_filename(compilation->assembler, "as", NULL);
	g_autofree char *program = g_shell_quote(g_strchomp(result.output));
	g_autofree char *script =
		g_strdup_printf("#!/bin/sh\n"
				"{ sed '/# objtool NOPs this/s/jmp\\([[:blank:]]\\)/jmp.d32\\1/' "
				"|| echo .err; } |\n"
				"%s \"$@\"\n",
				program);
	g_autoptr(GError) cause = NULL;
	if (!files_make_directory(compilation->assembler, error))
		return FALSE;
	if (g_file_set_contents_full(path, script, -1, G_FILE_SET_CONTENTS_NONE, 0755, &cause))
		return TRUE;
	klatch_adopt(error, KLATCH_ENVIRONMENT, "the assembler can't be prepared", path, NULL,
		     g_steal_pointer(&cause));
	return FALSE;
}

/* Whether a path may end here: what follows is part of the path, or of another word. */
static gboolean path_goes_on(const char *end)
{
	return g_ascii_isalnum(*end) || (*end && strchr("._-+~", *end));
}

/* A command with another tree in the source tree's place.  Caller frees. */
static char *in_tree(const char *command, const char *source, const char *tree)
{
	GString *result = g_string_new(NULL);
	gsize length = strlen(source);
	const char *at;

	for (; (at = strstr(command, source)); command = at + length) {
		g_string_append_len(result, command, at - command);
		g_string_append(result, path_goes_on(at + length) ? source : tree);
	}
	g_string_append(result, command);
	return g_string_free(result, FALSE);
}

static char *unit_command(const struct unit *unit)
{
	return g_strconcat(unit->compile, " ", unit->arguments, NULL);
}

static char *objtool_command(const struct unit *unit, const char *path)
{
	g_autofree char *quoted = g_shell_quote(path);

	return g_strconcat(unit->objtool, " ", quoted, NULL);
}

/* The line that compiles as the kernel's own build does, in a tree, with or without objtool. */
static char *stock_line(const struct kernel *kernel, const struct unit *unit, const char *tree,
			gboolean with_objtool, const char *output)
{
	g_autofree char *plain = unit_command(unit), *quoted = g_shell_quote(output);
	g_autofree char *command = in_tree(plain, kernel->source, tree);
	g_autofree char *dependencies = dependencies_of(output);
	g_autofree char *listed = g_shell_quote(dependencies);
	g_autofree char *objtool =
		with_objtool && unit->objtool ? objtool_command(unit, output) : g_strdup(":");

	return g_strdup_printf(UNSET "%s -g0 -pipe -Wp,-MMD,%s -c -o %s && %s", command, listed,
			       quoted, objtool);
}

/* The line that compiles original or patched in a tree. */
static char *sections_line(const struct compilation *compilation, const struct unit *unit,
			   const char *tree, const char *output)
{
	g_autofree char *plain = unit_command(unit);
	g_autofree char *command = in_tree(plain, compilation->kernel->source, tree);
	g_autofree char *dependencies = dependencies_of(output);
	g_autofree char *listed = g_shell_quote(dependencies), *quoted = g_shell_quote(output);
	g_autofree char *assembler = g_shell_quote(compilation->assembler);

	return g_strdup_printf(UNSET "exec %s %s -ffunction-sections -fdata-sections -pipe -B%s/ "
				     "-Wp,-MMD,%s -c -o %s",
			       command, compilation->types ? "-g" : "-g0", assembler, listed,
			       quoted);
}

static char *job_line(const struct compilation *compilation, const struct job *job)
{
	const struct unit *unit = job->compiled->unit;
	const char *output = output_of(job->compiled, job->kind);

	if (job->kind == STOCK)
		return stock_line(compilation->kernel, unit, compilation->kernel->source, TRUE,
				  output);
	return sections_line(compilation, unit,
			     job->kind == PATCHED ? compilation->overlay->root
						  : compilation->kernel->source,
			     output);
}

/* ---- what the patched compile may read ---- */

/*
 * Makes the directories real that ".." is applied to in a path of the overlay, so that it stays in
 * the overlay.  Sets *changed if one was a link before.
 */
static gboolean unfold_path(const struct compilation *compilation, const char *path,
			    gboolean *changed, GError **error)
{
	const struct overlay *overlay = compilation->overlay;

	for (const char *dots = path; (dots = strstr(dots, "/../")); dots++) {
		g_autofree char *before = g_strndup(path, dots - path);
		g_autofree char *directory = g_canonicalize_filename(before, "/");
		guint real = g_hash_table_size(overlay->unfolded);

		if (!overlay_unfold(overlay, compilation->kernel, directory + 1, error))
			return FALSE;
		*changed |= g_hash_table_size(overlay->unfolded) != real;
	}
	return TRUE;
}

/* Does so for the paths in a unit's command, as most ".." stand there. */
static gboolean unfold_command(const struct compilation *compilation, const struct unit *unit,
			       GError **error)
{
	const char *source = compilation->kernel->source;
	g_autofree char *command = unit_command(unit);
	struct text rest = {command, strlen(command)}, word;
	gboolean changed = FALSE;

	while (shell_word(&rest, &word)) {
		g_autofree char *text = text_copy(word);
		const char *path = strstr(text, source);

		if (path && !unfold_path(compilation, path + strlen(source), &changed, error))
			return FALSE;
	}
	return TRUE;
}

/* Whether a file is the original of one that the patch changes. */
static gboolean is_original(const struct kernel *kernel, const struct overlay *overlay,
			    const char *path)
{
	const GPtrArray *files = overlay->files;
	g_autofree char *base = g_path_get_basename(path);

	for (guint i = 0; i < files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(files, i);
		g_autofree char *name = g_path_get_basename(file->path);

		if (strcmp(name, base))
			continue;
		g_autofree char *original = g_build_filename(kernel->source, file->path, NULL);
		char *real = realpath(path, NULL), *wanted = realpath(original, NULL);
		gboolean same = real && wanted && !strcmp(real, wanted);

		free(real);
		free(wanted);
		if (same)
			return TRUE;
	}
	return FALSE;
}

static void fail_escaped(const struct unit *unit, GError **error)
{
	klatch_fail(error, KLATCH_REFUSED, "the unit can't be compiled as patched", unit->source,
		    "this is an error in klatch: please report it",
		    "it reads the original of a file that the patch changes");
}

GPtrArray *compile_files(const char *object, GError **error)
{
	g_autofree char *list = dependencies_of(object);
	g_autofree char *text = files_read_text(list, error);
	GPtrArray *files = NULL;
	struct text rest = {text, text ? strlen(text) : 0}, word;

	if (!text)
		return NULL;
	files = g_ptr_array_new_with_free_func(g_free);
	/* "object: file file \\" over many lines */
	shell_word(&rest, &word);
	while (shell_word(&rest, &word))
		if (*word.start != '\\')
			g_ptr_array_add(files, text_copy(word));
	return files;
}

/*
 * Sets *escaped if a patched unit was compiled from the original of a patched file, with all
 * directories on the way there made real.
 */
static gboolean check_dependencies(const struct compilation *compilation,
				   const struct compiled *compiled, gboolean *escaped,
				   GError **error)
{
	const char *root = compilation->overlay->root;
	g_autoptr(GPtrArray) files = compile_files(compiled->patched, error);
	gboolean changed = FALSE;

	*escaped = FALSE;
	for (guint i = 0; files && i < files->len; i++) {
		const char *path = g_ptr_array_index(files, i);

		if (!g_str_has_prefix(path, root) ||
		    !is_original(compilation->kernel, compilation->overlay, path))
			continue;
		*escaped = TRUE;
		if (!unfold_path(compilation, path + strlen(root), &changed, error))
			return FALSE;
	}
	if (!files)
		return FALSE;
	if (!*escaped || changed)
		return TRUE;
	fail_escaped(compiled->unit, error);
	return FALSE;
}

/* ---- what the compiler says ---- */

static gboolean is_complaint(const char *line)
{
	return strstr(line, ": error: ") || strstr(line, ": fatal error: ") ||
	       strstr(line, ": Error: ");
}

/* The compiler's errors, paths as in the user's tree; all it said if none is known as one. */
static GPtrArray *complaints(const char *errors, const char *tree)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *prefix = g_strconcat(tree, "/", NULL);
	g_autoptr(GString) text = g_string_new(errors);

	g_string_replace(text, prefix, "", 0);
	g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
	for (gsize i = 0; lines[i] && found->len < MOST_ERRORS; i++)
		if (is_complaint(lines[i]))
			g_ptr_array_add(found, g_strdup(lines[i]));
	if (!found->len)
		g_ptr_array_add(found, g_strdup(g_strchomp(text->str)));
	return found;
}

/* "file:12" of "file:12:3: error: text", if it has that form. */
static char *complaint_place(const char *line, const char **rest)
{
	const char *colon = strchr(line, ':');
	const char *end = colon ? colon + 1 + strspn(colon + 1, "0123456789") : NULL;

	*rest = line;
	if (!end || end == colon + 1 || *end != ':')
		return NULL;
	/* "error: ", "fatal error: ", and the assembler's "Error: " */
	const char *text = strstr(end, "rror: ");
	if (text)
		*rest = text + strlen("rror: ");
	return g_strndup(line, end - line);
}

void compile_fail(enum klatch_code code, const char *what, const char *source, const char *hint,
		  const char *errors, const char *tree, GError **error)
{
	g_autoptr(GPtrArray) lines = complaints(errors, tree);
	const char *rest;
	g_autofree char *place = complaint_place(g_ptr_array_index(lines, 0), &rest);
	g_autoptr(GString) why = g_string_new(rest);

	for (guint i = 1; i < lines->len; i++)
		g_string_append_printf(why, "\n%s", (char *)g_ptr_array_index(lines, i));
	klatch_fail(error, code, what, place ? place : source, hint, "%s", why->str);
}

static void fail_compile(gboolean patched, const struct unit *unit, const char *errors,
			 const char *tree, GError **error)
{
	if (patched)
		compile_fail(KLATCH_REFUSED, "the patched source does not compile", unit->source,
			     "the patch may need another change that this kernel does not have",
			     errors, tree, error);
	else
		compile_fail(KLATCH_ENVIRONMENT, "the kernel's own source does not compile",
			     unit->source, "remove the kernel and add it again", errors, tree,
			     error);
}

/* Compiles anew without #line, where the compiler's lines are the user's. */
static gboolean fail_patched(const struct compilation *compilation, const struct compiled *compiled,
			     const char *errors, GError **error)
{
	const struct overlay *overlay = compilation->overlay;

	if (!overlay_complete_plain(overlay, compilation->kernel, error))
		return FALSE;
	g_autofree char *line =
		sections_line(compilation, compiled->unit, overlay->plain_root, compiled->patched);
	const char *argv[] = {"sh", "-c", line, NULL};
	const struct process process = {
		.argv = argv, .directory = compilation->kernel->build, .environment = environment};
	AUTO_PROCESS_RESULT result = {0};
	if (!process_run(&process, &result, error))
		return FALSE;
	if (result.status)
		fail_compile(TRUE, compiled->unit, result.errors, overlay->plain_root, error);
	else
		fail_compile(TRUE, compiled->unit, errors, overlay->root, error);
	return FALSE;
}

static gboolean check_job(const struct compilation *compilation, const struct job *job,
			  const struct process_result *result, GError **error)
{
	if (!result->status)
		return TRUE;
	if (job->kind == PATCHED)
		return fail_patched(compilation, job->compiled, result->errors, error);
	fail_compile(FALSE, job->compiled->unit, result->errors, compilation->kernel->source,
		     error);
	return FALSE;
}

/* ---- all of them ---- */

/* Patched first; of a kind the biggest first, so that no long one is left over at the end. */
static int by_kind_and_size(gconstpointer a, gconstpointer b)
{
	const struct job *first = a, *second = b;

	if (first->kind != second->kind)
		return (int)first->kind - (int)second->kind;
	return (first->size < second->size) - (first->size > second->size);
}

static void add_job(const struct compilation *compilation, GArray *jobs, struct compiled *compiled,
		    enum kind kind)
{
	g_autofree char *path =
		g_build_filename(compilation->kernel->source, compiled->unit->source, NULL);
	struct job job = {.compiled = compiled, .kind = kind};
	GStatBuf status;

	if (!g_stat(path, &status))
		job.size = status.st_size;
	g_array_append_val(jobs, job);
}

static gboolean run_lines(const struct kernel *kernel, char *const *lines, guint count,
			  struct process_result *results, GError **error)
{
	g_autofree struct process *processes = g_new0(struct process, count);
	g_autofree const char **arguments = g_new0(const char *, (gsize)count * 4);

	for (guint i = 0; i < count; i++) {
		const char **argv = arguments + (gsize)i * 4;

		argv[0] = "sh";
		argv[1] = "-c";
		argv[2] = lines[i];
		processes[i] = (struct process){
			.argv = argv, .directory = kernel->build, .environment = environment};
	}
	/* One more than there are CPUs: the three compiles of one unit then share two of them
	 * instead of leaving one idle in the end. */
	return process_run_all(processes, results, count, process_jobs() + 1, error);
}

static gboolean run_jobs(const struct compilation *compilation, GArray *jobs, GError **error)
{
	g_auto(GStrv) lines = g_new0(char *, jobs->len + 1);
	g_autofree struct process_result *results = g_new0(struct process_result, jobs->len);

	g_array_sort(jobs, by_kind_and_size);
	for (guint i = 0; i < jobs->len; i++)
		lines[i] = job_line(compilation, &g_array_index(jobs, struct job, i));

	gboolean good = run_lines(compilation->kernel, lines, jobs->len, results, error);
	/* From the end: if the original does not compile either, the patch is not to blame. */
	for (guint i = jobs->len; i-- > 0;) {
		if (good)
			good = check_job(compilation, &g_array_index(jobs, struct job, i),
					 &results[i], error);
		process_result_clear(&results[i]);
	}
	return good;
}

/* Leaves in `jobs` those that have to be done again. */
static gboolean find_escaped(const struct compilation *compilation, GArray *jobs, GError **error)
{
	g_array_set_size(jobs, 0);
	for (guint i = 0; i < compilation->compiled->len; i++) {
		struct compiled *compiled = g_ptr_array_index(compilation->compiled, i);
		gboolean escaped;

		if (!check_dependencies(compilation, compiled, &escaped, error))
			return FALSE;
		if (escaped)
			add_job(compilation, jobs, compiled, PATCHED);
	}
	return TRUE;
}

static gboolean run_all(const struct compilation *compilation, GError **error)
{
	g_autoptr(GArray) jobs = g_array_new(FALSE, FALSE, sizeof(struct job));

	for (guint i = 0; i < compilation->compiled->len; i++)
		for (enum kind kind = PATCHED; kind < KINDS; kind++)
			add_job(compilation, jobs, g_ptr_array_index(compilation->compiled, i),
				kind);
	/* Each round makes another directory real, so this ends. */
	while (jobs->len)
		if (!run_jobs(compilation, jobs, error) || !find_escaped(compilation, jobs, error))
			return FALSE;
	return TRUE;
}

static char *output_path(const char *directory, guint number, const struct unit *unit,
			 enum kind kind)
{
	g_autofree char *base = g_path_get_basename(unit->output);
	g_autofree char *file = g_strdup_printf("%u-%s-%s", number, kind_names[kind], base);

	return g_build_filename(directory, file, NULL);
}

static void add_units(struct compilation *compilation, const GPtrArray *units)
{
	for (guint i = 0; i < units->len; i++) {
		struct compiled *compiled = g_new0(struct compiled, 1);
		const struct unit *unit = g_ptr_array_index(units, i);

		compiled->unit = unit;
		compiled->patched = output_path(compilation->directory, i, unit, PATCHED);
		compiled->original = output_path(compilation->directory, i, unit, ORIGINAL);
		compiled->stock = output_path(compilation->directory, i, unit, STOCK);
		g_ptr_array_add(compilation->compiled, compiled);
	}
}

static gboolean prepare(const struct compilation *compilation, GError **error)
{
	if (!files_make_directory(compilation->directory, error) ||
	    !make_assembler(compilation, error))
		return FALSE;
	for (guint i = 0; i < compilation->compiled->len; i++) {
		const struct compiled *compiled = g_ptr_array_index(compilation->compiled, i);

		if (!unfold_command(compilation, compiled->unit, error))
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
	g_autofree char *assembler = g_build_filename(directory, "assembler", NULL);
	struct compilation compilation = {kernel, overlay, directory, assembler, types, compiled};

	add_units(&compilation, units);
	if (!prepare(&compilation, error) || !run_all(&compilation, error))
		return NULL;
	return g_steal_pointer(&compiled);
}

gboolean compile_objtool(const struct kernel *kernel, const struct unit *unit, const char *path,
			 GError **error)
{
	if (!unit->objtool)
		return TRUE;

	g_autofree char *object = g_canonicalize_filename(path, NULL);
	g_autofree char *line = objtool_command(unit, object);
	const char *argv[] = {"sh", "-c", line, NULL};
	const struct process process = {
		.argv = argv, .directory = kernel->build, .environment = environment};
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
	return stock_line(kernel, unit, tree, !compile_objtool_after_link(unit), output);
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
			fail_compile(patched, units->pdata[i], results[i].errors, tree, error);
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
		.argv = argv, .directory = kernel->build, .environment = environment};
	AUTO_PROCESS_RESULT result = {0};

	return process_check(&process, "compiling what describes the module", &result, error);
}

gboolean compile_reads_original(const struct kernel *kernel, const struct overlay *overlay,
				const char *object, gboolean *reads, GError **error)
{
	g_autoptr(GPtrArray) files = compile_files(object, error);

	*reads = FALSE;
	for (guint i = 0; files && i < files->len && !*reads; i++)
		*reads = is_original(kernel, overlay, g_ptr_array_index(files, i));
	return files != NULL;
}
