/*
 * What the compiler says, as one error with the user's file and line.
 */
#include "compile/inside.h"

#include <string.h>

/* How many of the compiler's errors a refusal holds. */
#define MOST_ERRORS 10

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

void errors_fail(gboolean patched, const struct unit *unit, const char *errors, const char *tree,
		 GError **error)
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
		line_sections(compilation, compiled, overlay->plain_root, compiled->patched);
	const char *argv[] = {"sh", "-c", line, NULL};
	const struct process process = {.argv = argv,
					.directory = compilation->kernel->build,
					.environment = line_environment};
	AUTO_PROCESS_RESULT result = {0};
	if (!process_run(&process, &result, error))
		return FALSE;
	if (result.status)
		errors_fail(TRUE, compiled->unit, result.errors, overlay->plain_root, error);
	else
		errors_fail(TRUE, compiled->unit, errors, overlay->root, error);
	return FALSE;
}

/* Takes what a compile said: FALSE with an error, or with compiled->problem for the patch's. */
gboolean errors_of_job(const struct compilation *compilation, const struct job *job,
		       const struct process_result *result, GError **error)
{
	struct compiled *compiled = job->compiled;

	if (!result->status)
		return TRUE;
	if (job->kind != COMPILE_PATCHED) {
		errors_fail(FALSE, compiled->unit, result->errors, compilation->kernel->source,
			    error);
		return FALSE;
	}
	fail_patched(compilation, compiled, result->errors, &compiled->problem);
	if (g_error_matches(compiled->problem, KLATCH_ERROR, KLATCH_REFUSED))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&compiled->problem));
	return FALSE;
}
