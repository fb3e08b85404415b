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

static const char *const kind_names[COMPILE_NR_KINDS] = {"patched", "original", "stock"};

struct compilation {
	const struct kernel *kernel;
	const struct overlay *overlay;
	const char *directory;
	char *assembler;       /* directory of the assembler's wrapper */
	GHashTable *originals; /* file name -> GPtrArray of the originals of patched files */
	GPtrArray *again;      /* of struct compiled: those that read an original */
	compile_done *done;
	gpointer data;
	const GArray *jobs; /* of struct job: those that run */
};

struct job {
	struct compiled *compiled;
	enum compile_kind kind;
	goffset size; /* of the source */
};

static const char *const environment[] = {"LC_ALL=C", NULL};

void compiled_free(struct compiled *compiled)
{
	g_clear_error(&compiled->problem);
	g_free(compiled->stock);
	g_free(compiled->original);
	g_free(compiled->patched);
	g_free(compiled);
}

static const char *output_of(const struct compiled *compiled, enum compile_kind kind)
{
	const char *const outputs[COMPILE_NR_KINDS] = {
		[COMPILE_PATCHED] = compiled->patched,
		[COMPILE_ORIGINAL] = compiled->original,
		[COMPILE_STOCK] = compiled->stock,
	};

	return outputs[kind];
}

/* Where the compiler lists what it read for an object. */
static char *dependencies_of(const char *object)
{
	return g_strconcat(object, ".d", NULL);
}

/*
 * The jump that is a jump label, or becomes its NOP, is 2 or 5 bytes long, as the assembler finds;
 * a label that is bound late needs 5.  In what the compiler writes, the label's entry in
 * __jump_table is on the next line.  So the assembler of original and patched is a script that asks
 * for them. It reads its standard input alone: compiles are run with -pipe.
 */
static gboolean make_assembler(struct compilation *compilation, GError **error)
{
	const char *argv[] = {compilation->kernel->compiler, "-print-prog-name=as", NULL};
	const struct process process = {.argv = argv, .environment = environment};
	AUTO_PROCESS_RESULT result = {0};

	if (!process_check(&process, "finding the assembler", &result, error))
		return FALSE;

	g_autofree char *program = g_shell_quote(g_strchomp(result.output));
	g_autofree char *script =
		g_strdup_printf("#!/bin/sh\n"
				"{ sed '/1:[[:blank:]]*jmp[[:blank:]]/{N;/__jump_table/"
				"s/jmp\\([[:blank:]]\\)/jmp.d32\\1/}' || echo .err; } |\n"
				"%s \"$@\"\n",
				program);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, script, -1);
	g_autofree char *base = g_strdup_printf("assembler-%.8s", sum);
	g_autoptr(GError) cause = NULL;
	/* A launcher that keeps objects knows the script by its path alone. */
	compilation->assembler = g_build_filename(compilation->directory, base, NULL);
	if (!files_make_directory(compilation->assembler, error))
		return FALSE;
	g_autofree char *path = g_build_filename(compilation->assembler, "as", NULL);
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

/* What runs the compiler for us, "ccache " say, or nothing.  Caller frees. */
static char *launcher(void)
{
	const char *prefix = g_getenv("KLATCH_CC_LAUNCHER");

	return prefix && *prefix ? g_strconcat(prefix, " ", NULL) : g_strdup("");
}

/* Whether compiles may be run on other machines: then they have nothing of what is here. */
static gboolean runs_elsewhere(void)
{
	g_autofree char *prefix = launcher();
	g_auto(GStrv) words = g_strsplit(prefix, " ", 2);
	g_autofree char *program = *prefix ? g_path_get_basename(words[0]) : NULL;

	return program && (strcmp(program, "ccache") || g_getenv("CCACHE_PREFIX") || *words[1]);
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
	g_autofree char *first = launcher();

	return g_strdup_printf(UNSET "%s%s -g0 -pipe -Wp,-MMD,%s -c -o %s && %s", first, command,
			       listed, quoted, objtool);
}

/* A unit's command in a tree, without the source, which is its last word. */
static char *command_of(const struct compilation *compilation, const struct unit *unit,
			const char *tree, char **source)
{
	g_autofree char *plain = unit_command(unit);
	char *command = in_tree(plain, compilation->kernel->source, tree);
	char *last = strrchr(command, ' ');

	*source = g_strdup(last + 1);
	*last = '\0';
	return command;
}

/*
 * The line that compiles original or patched in a tree.  Another machine has no wrapper of the
 * assembler: there the compiler's output stays text, to be changed and assembled here.
 */
static char *sections_line(const struct compilation *compilation, const struct compiled *compiled,
			   const char *tree, const char *output)
{
	g_autofree char *source = NULL;
	g_autofree char *command = command_of(compilation, compiled->unit, tree, &source);
	g_autofree char *dependencies = dependencies_of(output);
	g_autofree char *listed = g_shell_quote(dependencies), *quoted = g_shell_quote(output);
	g_autofree char *assembler = g_shell_quote(compilation->assembler);
	g_autofree char *first = launcher();
	/* Where variables live at each instruction is most of what -g costs, and not asked. */
	const char *types = compiled->types ? "-g -fno-var-tracking" : "-g0";

	if (!runs_elsewhere())
		return g_strdup_printf(
			UNSET "exec %s%s %s -ffunction-sections -fdata-sections -pipe -B%s/ "
			      "-Wp,-MMD,%s %s -c -o %s",
			first, command, types, assembler, listed, source, quoted);
	return g_strdup_printf(
		UNSET "%s%s %s -ffunction-sections -fdata-sections -pipe -Wp,-MMD,%s %s -S -o "
		      "%s.s && %s %s -B%s/ -pipe -x assembler -c -o %s - <%s.s && rm %s.s",
		first, command, types, listed, source, quoted, command, types, assembler, quoted,
		quoted, quoted);
}

static char *job_line(const struct compilation *compilation, const struct job *job)
{
	const struct kernel *kernel = compilation->kernel;
	const char *output = output_of(job->compiled, job->kind);

	if (job->kind == COMPILE_STOCK)
		return stock_line(kernel, job->compiled->unit, kernel->source, TRUE, output);
	return sections_line(
		compilation, job->compiled,
		job->kind == COMPILE_PATCHED ? compilation->overlay->root : kernel->source, output);
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

/* The originals of all files that the patch changes, by the last component of their path. */
static GHashTable *originals_of(const struct kernel *kernel, const struct overlay *overlay)
{
	GHashTable *originals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						      (GDestroyNotify)g_ptr_array_unref);

	for (guint i = 0; i < overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(overlay->files, i);
		char *base = g_path_get_basename(file->path);
		GPtrArray *paths = g_hash_table_lookup(originals, base);

		if (!paths) {
			paths = g_ptr_array_new_with_free_func(g_free);
			g_hash_table_insert(originals, g_strdup(base), paths);
		}
		g_ptr_array_add(paths, g_build_filename(kernel->source, file->path, NULL));
		g_free(base);
	}
	return originals;
}

/* Whether a file is the original of one that the patch changes. */
static gboolean is_original(GHashTable *originals, const char *path)
{
	const char *slash = strrchr(path, '/');
	const GPtrArray *same_name = g_hash_table_lookup(originals, slash ? slash + 1 : path);

	for (guint i = 0; same_name && i < same_name->len; i++) {
		char *real = realpath(path, NULL);
		char *wanted = realpath(g_ptr_array_index(same_name, i), NULL);
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

/* The files of the overlay that a patched unit read the original by; an empty array if none. */
static GPtrArray *escapes(const struct compilation *compilation, const struct compiled *compiled,
			  GError **error)
{
	const char *root = compilation->overlay->root;
	g_autoptr(GPtrArray) files = compile_files(compiled->patched, error);
	GPtrArray *found = files ? g_ptr_array_new_with_free_func(g_free) : NULL;

	for (guint i = 0; files && i < files->len; i++) {
		const char *path = g_ptr_array_index(files, i);

		if (g_str_has_prefix(path, root) && is_original(compilation->originals, path))
			g_ptr_array_add(found, g_strdup(path + strlen(root)));
	}
	return found;
}

/* Makes all directories real on the way by which a unit read an original. */
static gboolean catch_escaped(const struct compilation *compilation,
			      const struct compiled *compiled, GError **error)
{
	g_autoptr(GPtrArray) paths = escapes(compilation, compiled, error);
	gboolean changed = FALSE;

	for (guint i = 0; paths && i < paths->len; i++)
		if (!unfold_path(compilation, g_ptr_array_index(paths, i), &changed, error))
			return FALSE;
	if (!paths)
		return FALSE;
	/* None any more: another unit has gone the same way. */
	if (changed || !paths->len)
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

/* What a compiler says that is nobody's fault but the machine's, in the C locale. */
static gboolean is_of_machine(const char *errors)
{
	static const char *const texts[] = {"No space left on device", "Disk quota exceeded",
					    "Cannot allocate memory"};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		if (strstr(errors, texts[i]))
			return TRUE;
	return FALSE;
}

static void fail_compile(gboolean patched, const struct unit *unit, const char *errors,
			 const char *tree, GError **error)
{
	if (is_of_machine(errors))
		compile_fail(KLATCH_ENVIRONMENT, "the source can't be compiled", unit->source,
			     "the objects are in $TMPDIR, or /tmp", errors, tree, error);
	else if (patched)
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
		sections_line(compilation, compiled, overlay->plain_root, compiled->patched);
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

/* Takes what a compile said: FALSE with an error, or with compiled->problem for the patch's. */
static gboolean check_job(const struct compilation *compilation, const struct job *job,
			  const struct process_result *result, GError **error)
{
	struct compiled *compiled = job->compiled;

	if (!result->status)
		return TRUE;
	if (job->kind != COMPILE_PATCHED) {
		fail_compile(FALSE, compiled->unit, result->errors, compilation->kernel->source,
			     error);
		return FALSE;
	}
	fail_patched(compilation, compiled, result->errors, &compiled->problem);
	if (g_error_matches(compiled->problem, KLATCH_ERROR, KLATCH_REFUSED))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&compiled->problem));
	return FALSE;
}

/* ---- all of them ---- */

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

/* Shell lines as processes, by argv that is owned by *arguments. */
static struct process *shell_processes(const struct kernel *kernel, char *const *lines, guint count,
				       const char ***arguments)
{
	struct process *processes = g_new0(struct process, count);

	*arguments = g_new0(const char *, (gsize)count * 4);
	for (guint i = 0; i < count; i++) {
		const char **argv = *arguments + (gsize)i * 4;

		argv[0] = "sh";
		argv[1] = "-c";
		argv[2] = lines[i];
		processes[i] = (struct process){
			.argv = argv, .directory = kernel->build, .environment = environment};
	}
	return processes;
}

static gboolean run_lines(const struct kernel *kernel, char *const *lines, guint count,
			  struct process_result *results, GError **error)
{
	g_autofree const char **arguments = NULL;
	g_autofree struct process *processes = shell_processes(kernel, lines, count, &arguments);

	return process_run_all(processes, results, count, process_jobs() + 1, error);
}

/* A unit all of whose objects are there goes on, unless it has to be compiled again. */
static gboolean end_unit(struct compilation *compilation, struct compiled *compiled, GError **error)
{
	if (compiled->kinds & 1 << COMPILE_PATCHED && !compiled->problem) {
		g_autoptr(GPtrArray) paths = escapes(compilation, compiled, error);

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

	if (!check_job(compilation, job, result, error))
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
		shell_processes(compilation->kernel, lines, jobs->len, &arguments);
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

		if (!catch_escaped(compilation, compiled, error))
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
	g_autofree char *command = unit_command(unit);

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
	    !make_assembler(compilation, error))
		return FALSE;
	for (guint i = 0; i < units->len; i++) {
		const struct compiled *compiled = g_ptr_array_index(units, i);

		if (!check_place(compilation->kernel, compiled->unit, error) ||
		    !unfold_command(compilation, compiled->unit, error))
			return FALSE;
	}
	return TRUE;
}

gboolean compile_each(const struct kernel *kernel, const struct overlay *overlay,
		      const GPtrArray *units, const char *directory, compile_done *done,
		      gpointer data, GError **error)
{
	g_autoptr(GHashTable) originals = originals_of(kernel, overlay);
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

GPtrArray *compile_units(const struct kernel *kernel, const struct overlay *overlay,
			 const GPtrArray *units, gboolean types, const char *directory,
			 GError **error)
{
	g_autoptr(GPtrArray) compiled =
		g_ptr_array_new_with_free_func((GDestroyNotify)compiled_free);

	for (guint i = 0; i < units->len; i++)
		g_ptr_array_add(compiled,
				compiled_new(g_ptr_array_index(units, i), directory, i, types));
	if (!compile_each(kernel, overlay, compiled, directory, keep_problem, NULL, error))
		return NULL;
	for (guint i = 0; i < compiled->len; i++) {
		struct compiled *unit = g_ptr_array_index(compiled, i);

		if (!unit->problem)
			continue;
		g_propagate_error(error, g_steal_pointer(&unit->problem));
		return NULL;
	}
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

	g_autoptr(GHashTable) originals = originals_of(kernel, overlay);

	*reads = FALSE;
	for (guint i = 0; files && i < files->len && !*reads; i++)
		*reads = is_original(originals, g_ptr_array_index(files, i));
	return files != NULL;
}
