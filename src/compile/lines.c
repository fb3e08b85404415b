/*
 * A patched unit has the unit's own command with the overlay in the source tree's place, so that
 * every path that the compiler sees differs in that prefix alone, and -fmacro-prefix-map takes it
 * off again.
 */
#include "compile/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/files.h"

const char *const line_environment[] = {"LC_ALL=C", NULL};

char *line_dependencies(const char *object)
{
	return g_strconcat(object, ".d", NULL);
}

/*
 * The jump that is a jump label, or becomes its NOP, is 2 or 5 bytes long, as the assembler finds;
 * a label that is bound late needs 5.  In what the compiler writes, the label's entry in
 * __jump_table is on the next line.  So the assembler of original and patched is a script that asks
 * for them. It reads its standard input alone: compiles are run with -pipe.
 */
gboolean line_make_assembler(struct compilation *compilation, GError **error)
{
	const char *argv[] = {compilation->kernel->compiler, "-print-prog-name=as", NULL};
	const struct process process = {.argv = argv, .environment = line_environment};
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

char *line_unit(const struct unit *unit)
{
	return g_strconcat(unit->compile, " ", unit->arguments, NULL);
}

char *line_objtool(const struct unit *unit, const char *path)
{
	g_autofree char *quoted = g_shell_quote(path);

	return g_strconcat(unit->objtool, " ", quoted, NULL);
}

/* The line that compiles as the kernel's own build does, in a tree, with or without objtool. */
char *line_stock(const struct kernel *kernel, const struct unit *unit, const char *tree,
		 gboolean with_objtool, const char *output)
{
	g_autofree char *plain = line_unit(unit), *quoted = g_shell_quote(output);
	g_autofree char *command = in_tree(plain, kernel->source, tree);
	g_autofree char *dependencies = line_dependencies(output);
	g_autofree char *listed = g_shell_quote(dependencies);
	g_autofree char *objtool =
		with_objtool && unit->objtool ? line_objtool(unit, output) : g_strdup(":");
	g_autofree char *first = launcher();

	return g_strdup_printf(UNSET "%s%s -g0 -pipe -Wp,-MMD,%s -c -o %s && %s", first, command,
			       listed, quoted, objtool);
}

/* A unit's command in a tree, without the source, which is its last word. */
static char *command_of(const struct compilation *compilation, const struct unit *unit,
			const char *tree, char **source)
{
	g_autofree char *plain = line_unit(unit);
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
char *line_sections(const struct compilation *compilation, const struct compiled *compiled,
		    const char *tree, const char *output)
{
	g_autofree char *source = NULL;
	g_autofree char *command = command_of(compilation, compiled->unit, tree, &source);
	g_autofree char *dependencies = line_dependencies(output);
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

/* Shell lines as processes, by argv that is owned by *arguments. */
struct process *line_processes(const struct kernel *kernel, char *const *lines, guint count,
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
			.argv = argv, .directory = kernel->build, .environment = line_environment};
	}
	return processes;
}
