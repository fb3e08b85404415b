/*
 * modpost: makes of a module's objects the source that describes it to the kernel: struct module,
 * CRCs, dependencies, aliases out of its device tables.
 *
 * What it reads beside the objects is made here, as the kernel's build would leave it:
 *
 *	symvers		what vmlinux and all other modules export
 *	NAME.mod	the module's units
 *	.UNIT.o.cmd	of each: the files it was compiled from, of which modpost makes the
 *			srcversion, and the CRCs of what it exports
 *
 * Formats: scripts/mod/modpost.c (read_dump, extract_crcs_for_object), scripts/mod/sumversion.c.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "compile/compile.h"
#include "fixed/inside.h"
#include "tree/commands.h"

static gboolean write_text(const char *path, const GString *text, GError **error)
{
	return files_write(path, text->str, text->len, error);
}

/* Whether the path of an object that exports is the module's. */
static gboolean is_own(const struct fixed *fixed, const char *object)
{
	g_autofree char *name = g_path_get_basename(object);

	return !strcmp(g_strdelimit(name, "-", '_'), fixed->name);
}

/*
 * The exports of others go on to modpost as they are.  The module's own get the CRCs they were
 * shipped with, since other modules were built against those.
 */
static gboolean split_exports(const struct fixed *fixed, GString *own, GString *others,
			      GError **error)
{
	g_autofree char *text = files_read_text(fixed->kernel->symvers, error);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

	for (char **line = lines; line && **line; line++) {
		g_auto(GStrv) fields = g_strsplit(*line, "\t", -1);

		if (g_strv_length(fields) > 2 && is_own(fixed, fields[2]))
			g_string_append_printf(own, "#SYMVER %s %s\n", fields[1], fields[0]);
		else
			g_string_append_printf(others, "%s\n", *line);
	}
	return lines != NULL;
}

/* The paths of what lies in the build tree are relative to it. */
static char *absolute(const struct fixed *fixed, const char *path)
{
	return g_canonicalize_filename(path, fixed->kernel->build);
}

static gboolean write_cmd(const struct fixed *fixed, const char *directory, const struct unit *unit,
			  const char *object, const GString *exports, GError **error)
{
	g_autofree char *below = g_path_get_dirname(unit->output);
	g_autofree char *base = g_path_get_basename(unit->output);
	g_autofree char *name = g_strdup_printf(".%s.cmd", base);
	g_autofree char *folder = g_build_filename(directory, below, NULL);
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(GPtrArray) files = compile_files(object, error);
	g_autoptr(GString) text = g_string_new(NULL);

	if (!files || !files->len || !files_make_directory(folder, error))
		return FALSE;
	g_autofree char *source = absolute(fixed, files->pdata[0]);
	g_string_append_printf(text, "source_%s := %s\n\ndeps_%s := \\\n", unit->output, source,
			       unit->output);
	for (guint i = 1; i < files->len; i++) {
		g_autofree char *file = absolute(fixed, files->pdata[i]);

		g_string_append_printf(text, "  %s \\\n", file);
	}
	g_string_append_printf(text, "\n%s", exports->str);
	return write_text(path, text, error);
}

static gboolean write_inputs(const struct fixed *fixed, const char *directory,
			     const GPtrArray *objects, GError **error)
{
	g_autoptr(GString) own = g_string_new(NULL), others = g_string_new(NULL);
	g_autoptr(GString) list = g_string_new(NULL), none = g_string_new(NULL);
	g_autofree char *symvers = g_build_filename(directory, "symvers", NULL);
	g_autofree char *mod = fixed_file(fixed, directory, ".mod");

	if (!split_exports(fixed, own, others, error))
		return FALSE;
	for (guint i = 0; i < fixed->units->len; i++) {
		const struct unit *unit = g_ptr_array_index(fixed->units, i);

		g_string_append_printf(list, "%s\n", unit->output);
		/* modpost asks each unit for the CRCs, and takes them for the whole module. */
		if (!write_cmd(fixed, directory, unit, objects->pdata[i], i ? none : own, error))
			return FALSE;
	}
	return write_text(symvers, others, error) && write_text(mod, list, error);
}

/*
 * Newer ones look for exports only if they are told that there are modules, which older ones do not
 * know as an option: as the kernel's own makefile says.
 */
static gboolean wants_modules_option(const struct fixed *fixed, gboolean *wants, GError **error)
{
	g_autofree char *path =
		g_build_filename(fixed->kernel->source, "scripts/Makefile.modpost", NULL);
	g_autofree char *makefile = files_read_text(path, error);

	*wants = makefile && strstr(makefile, "$(if $(CONFIG_MODULES),-M)");
	return makefile != NULL;
}

gboolean modpost_run(const struct fixed *fixed, const char *directory, const GPtrArray *objects,
		     GError **error)
{
	static const char *const environment[] = {"LC_ALL=C", NULL};
	g_autofree char *program =
		g_build_filename(fixed->kernel->build, "scripts/mod/modpost", NULL);
	g_autofree char *object = g_strconcat(fixed->place, ".o", NULL);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	AUTO_PROCESS_RESULT result = {0};
	gboolean modules;

	if (!wants_modules_option(fixed, &modules, error))
		return FALSE;
	const char *const words[] = {program, "-m", "-i", "symvers", object};
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		g_ptr_array_add(argv, (char *)words[i]);
	if (modules)
		g_ptr_array_add(argv, "-M");
	if (fixed->outside)
		g_ptr_array_add(argv, "-e");
	g_ptr_array_add(argv, NULL);
	const struct process process = {.argv = (const char *const *)argv->pdata,
					.directory = directory,
					.environment = environment};
	if (!write_inputs(fixed, directory, objects, error) ||
	    !process_run(&process, &result, error))
		return FALSE;
	if (!result.status)
		return TRUE;
	klatch_fail(error, KLATCH_REFUSED, "the fixed module can't be linked", fixed->place, NULL,
		    "modpost says: %s", g_strstrip(result.errors));
	return FALSE;
}
