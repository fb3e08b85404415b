/*
 * make M=DIRECTORY, and what it made.
 */
#include "compile/external.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "compile/compile.h"

static gboolean run_make(const struct external *external, const char *goal, GError **error)
{
	g_autoptr(GPtrArray) argv = kbuild_external(external);
	g_autofree char *jobs = g_strdup_printf("-j%u", process_jobs());
	AUTO_PROCESS_RESULT result = {0};

	kbuild_add(argv, jobs, "-s", goal, NULL);
	const struct process process = {.argv = (const char *const *)argv->pdata};
	if (!process_run(&process, &result, error))
		return FALSE;
	if (!result.status)
		return TRUE;
	compile_fail(KLATCH_INPUT, "the modules can't be built", external->origin, NULL,
		     result.errors, external->directory, error);
	return FALSE;
}

/* modules.order names each module's .ko, from Linux 6.2 on its .o, a line each. */
static GPtrArray *read_order(const char *directory, GError **error)
{
	g_autofree char *path = g_build_filename(directory, "modules.order", NULL);
	g_autofree char *text = files_read_text(path, error);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
	GPtrArray *modules = text ? g_ptr_array_new_with_free_func(g_free) : NULL;
	gsize length = strlen(directory);

	for (char **line = lines; line && *line && **line; line++) {
		const char *name = *line;
		const char *end = strrchr(name, '.');

		if (g_str_has_prefix(name, directory) && name[length] == '/')
			name += length + 1;
		g_ptr_array_add(modules,
				g_strdup_printf("%.*s.ko", (int)(end ? end - name : 0), name));
	}
	return modules;
}

GPtrArray *external_build(const struct external *external, GError **error)
{
	if (!run_make(external, "modules", error))
		return NULL;

	g_autoptr(GPtrArray) modules = read_order(external->directory, error);
	if (!modules || modules->len)
		return g_steal_pointer(&modules);
	klatch_fail(error, KLATCH_INPUT, "the modules can't be built", external->origin,
		    "name them in its Kbuild: obj-m := NAME.o", "its Kbuild names none");
	return NULL;
}

gboolean external_clean(const struct external *external, GError **error)
{
	return run_make(external, "clean", error);
}
