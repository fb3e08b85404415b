/*
 * Each patched file is sorted by what it is, by one table of paths; C files lead to units, all else
 * is either no part of the kernel's code or refused.
 */
#include "tree/touched.h"

#include <string.h>

#include "base/error.h"
#include "tree/narrow.h"

/* Compiling every unit that a central header reaches would take hours: refused instead. */
#define MOST_UNITS 400

/* So few are compiled without asking by which names they could see the change. */
#define FEW_UNITS 8

struct toucher {
	const struct kernel *kernel;
	const struct commands *commands;
	const struct overlay *overlay;
	struct includes *includes; /* opened when the first file needs it */
	GHashTable *units;
	struct touched *touched;
};

typedef gboolean sort_function(struct toucher *toucher, const struct patched_file *file,
			       GError **error);

static void refuse(struct toucher *toucher, const char *path, const char *what, const char *hint,
		   const char *why)
{
	GError *refusal = NULL;

	klatch_fail(&refusal, KLATCH_REFUSED, what, path, hint, "%s", why);
	g_ptr_array_add(toucher->touched->refusals, refusal);
}

static void note(struct toucher *toucher, const char *path, const char *text)
{
	g_ptr_array_add(toucher->touched->notes, g_strdup_printf("%s: %s", path, text));
}

static gboolean sort_documentation(struct toucher *toucher, const struct patched_file *file,
				   GError **error)
{
	note(toucher, file->path, "no part of the kernel's code");
	return TRUE;
}

static gboolean sort_other_architecture(struct toucher *toucher, const struct patched_file *file,
					GError **error)
{
	note(toucher, file->path, "not built for this architecture");
	return TRUE;
}

static gboolean sort_build(struct toucher *toucher, const struct patched_file *file, GError **error)
{
	refuse(toucher, file->path, "a change to the build can't be made live",
	       "leave the file out if the rest of the patch does not need it",
	       "it decides what is compiled and how, not what one function does");
	return TRUE;
}

static gboolean sort_assembly(struct toucher *toucher, const struct patched_file *file,
			      GError **error)
{
	refuse(toucher, file->path, "a change to assembly can't be made live",
	       "reboot into a kernel that has the fix",
	       "assembly has no function entry that can be traced");
	return TRUE;
}

static gboolean sort_unknown(struct toucher *toucher, const struct patched_file *file,
			     GError **error)
{
	refuse(toucher, file->path, "the file can't be made live",
	       "leave it out if the rest of the patch does not need it",
	       "it is neither C nor known to be without effect on the kernel's code");
	return TRUE;
}

/* Whether a unit is part of what runs before the kernel does, and never again. */
static gboolean runs_at_boot(const struct unit *unit)
{
	static const char *const directories[] = {"arch/x86/boot/", "arch/x86/realmode/",
						  "drivers/firmware/efi/libstub/"};

	for (gsize i = 0; i < G_N_ELEMENTS(directories); i++)
		if (g_str_has_prefix(unit->output, directories[i]))
			return TRUE;
	return FALSE;
}

static gboolean is_kernel(const struct unit *unit)
{
	return unit->object && !unit->assembly;
}

static void refuse_unit(struct toucher *toucher, const struct patched_file *file,
			const struct unit *unit)
{
	if (unit->assembly)
		refuse(toucher, unit->source, "a change to assembly can't be made live",
		       "reboot into a kernel that has the fix",
		       "it includes a patched header and has no function entry to trace");
	else
		refuse(toucher, file->path, "the change can't be made live",
		       "reboot into a kernel that has the fix",
		       "it is compiled into code outside of the kernel image's own text "
		       "(vdso, boot or real mode code)");
}

/*
 * Adds units that are linked into vmlinux or a module; refuses those linked elsewhere.  What the
 * kernel has in common with the code that booted it has done its work there.
 */
static void add_units(struct toucher *toucher, const struct patched_file *file,
		      const GPtrArray *units)
{
	gboolean in_kernel = FALSE, at_boot = FALSE;

	for (guint i = 0; i < units->len; i++)
		in_kernel = in_kernel || is_kernel(g_ptr_array_index(units, i));
	for (guint i = 0; i < units->len; i++) {
		const struct unit *unit = g_ptr_array_index(units, i);

		if (is_kernel(unit))
			g_hash_table_add(toucher->units, (gpointer)unit);
		else if (in_kernel && runs_at_boot(unit))
			at_boot = TRUE;
		else
			refuse_unit(toucher, file, unit);
	}
	if (at_boot)
		note(toucher, file->path,
		     "the code that booted the kernel has it too, and has run");
}

/* Adds the units that include one of these headers. */
static void add_including(const struct toucher *toucher, GHashTable *headers, GPtrArray *units)
{
	GHashTableIter iter;
	gpointer header;

	g_hash_table_iter_init(&iter, headers);
	while (g_hash_table_iter_next(&iter, &header, NULL)) {
		g_autoptr(GPtrArray) more =
			includes_units(toucher->includes, toucher->commands, header, NULL);

		for (guint i = 0; i < more->len; i++)
			if (!g_ptr_array_find(units, more->pdata[i], NULL))
				g_ptr_array_add(units, more->pdata[i]);
	}
}

/* The units that may see the change of a file that others include. */
static GPtrArray *including_units(struct toucher *toucher, const struct patched_file *file,
				  GError **error)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) emitting =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GPtrArray *units, *narrowed = NULL;

	if (!toucher->includes)
		toucher->includes = includes_open(toucher->kernel, error);
	if (!toucher->includes)
		return NULL;
	units = includes_units(toucher->includes, toucher->commands, file->path, files);
	if (file->names && units->len > FEW_UNITS)
		narrowed = narrow_units(toucher->kernel, toucher->overlay, file->names, files,
					units, emitting);
	if (!narrowed)
		return units;
	add_including(toucher, emitting, narrowed);
	g_ptr_array_unref(units);
	return narrowed;
}

static void refuse_reach(struct toucher *toucher, const struct patched_file *file,
			 const GPtrArray *units)
{
	GError *refusal = NULL;

	klatch_fail(&refusal, KLATCH_REFUSED, "a header of this reach can't be made live yet",
		    file->path,
		    "move the changed inline function's use into the C files that need it",
		    "%u units may see the change, more than the %u that are compiled", units->len,
		    MOST_UNITS);
	g_ptr_array_add(toucher->touched->refusals, refusal);
	for (guint i = 0; i < units->len; i++)
		if (is_kernel(g_ptr_array_index(units, i)))
			g_ptr_array_add(toucher->touched->seen, g_ptr_array_index(units, i));
}

static gboolean sort_included(struct toucher *toucher, const struct patched_file *file,
			      GError **error)
{
	g_autoptr(GPtrArray) units = including_units(toucher, file, error);

	if (!units)
		return FALSE;
	if (!units->len) {
		note(toucher, file->path, "not built in this kernel");
	} else if (units->len > MOST_UNITS) {
		refuse_reach(toucher, file, units);
	} else {
		add_units(toucher, file, units);
	}
	return TRUE;
}

static gboolean sort_source(struct toucher *toucher, const struct patched_file *file,
			    GError **error)
{
	g_autoptr(GPtrArray) units = commands_of_source(toucher->commands, file->path);

	if (file->change == PATCHED_MODIFIED && units->len) {
		add_units(toucher, file, units);
		return TRUE;
	}
	if (units->len) {
		refuse(toucher, file->path, "a removed unit can't be made live",
		       "keep the file and empty its functions instead",
		       "what it defines is still linked into the running kernel");
		return TRUE;
	}
	/* Not compiled by itself, but perhaps included by another .c file, as some are. */
	return sort_included(toucher, file, error);
}

/* First match wins.  A pattern is a glob over the whole path ('*' matches '/' too). */
static const struct {
	const char *pattern;
	sort_function *sort;
} kinds[] = {
	{"Documentation/*", sort_documentation},
	{"samples/*", sort_documentation},
	{"LICENSES/*", sort_documentation},
	{"tools/objtool/*", sort_build},
	{"tools/*", sort_documentation},
	{"scripts/*", sort_build},
	{"arch/x86/um/*", sort_other_architecture},
	{"arch/x86/*/Makefile", sort_build},
	{"arch/x86/*.S", sort_assembly},
	{"arch/x86/*.c", sort_source},
	{"arch/x86/*.h", sort_included},
	{"arch/x86/*", sort_unknown},
	{"arch/*", sort_other_architecture},
	{"*.c", sort_source},
	{"*.h", sort_included},
	{"*.S", sort_assembly},
	{"*.rst", sort_documentation},
	{"*.txt", sort_documentation},
	{"*.yaml", sort_documentation},
	{"*.gitignore", sort_documentation},
	{"MAINTAINERS", sort_documentation},
	{"CREDITS", sort_documentation},
	{"*Makefile", sort_build},
	{"*Kbuild", sort_build},
	{"*Kconfig*", sort_build},
	{"*", sort_unknown},
};

static gboolean sort_file(struct toucher *toucher, const struct patched_file *file, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_pattern_match_simple(kinds[i].pattern, file->path))
			return kinds[i].sort(toucher, file, error);
	return TRUE;
}

static struct touched *touched_new(void)
{
	struct touched *touched = g_new0(struct touched, 1);

	touched->units = g_ptr_array_new();
	touched->refusals = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
	touched->notes = g_ptr_array_new_with_free_func(g_free);
	touched->seen = g_ptr_array_new();
	return touched;
}

/* Begins an answer: what is found from now on goes there. */
static void begin(struct toucher *toucher, struct touched *touched)
{
	toucher->touched = touched;
	g_hash_table_remove_all(toucher->units);
}

static void take_units(struct toucher *toucher)
{
	const GPtrArray *all = commands_units(toucher->commands);

	for (guint i = 0; i < all->len; i++)
		if (g_hash_table_contains(toucher->units, g_ptr_array_index(all, i)))
			g_ptr_array_add(toucher->touched->units, g_ptr_array_index(all, i));
}

struct toucher *toucher_new(const struct kernel *kernel, const struct commands *commands,
			    const struct overlay *overlay)
{
	struct toucher *toucher = g_new0(struct toucher, 1);

	toucher->kernel = kernel;
	toucher->commands = commands;
	toucher->overlay = overlay;
	toucher->units = g_hash_table_new(NULL, NULL);
	return toucher;
}

void toucher_free(struct toucher *toucher)
{
	g_hash_table_unref(toucher->units);
	g_clear_pointer(&toucher->includes, includes_free);
	g_free(toucher);
}

struct touched *toucher_file(struct toucher *toucher, const struct patched_file *file,
			     GError **error)
{
	AUTO(touched) touched = touched_new();

	begin(toucher, touched);
	if (!sort_file(toucher, file, error))
		return NULL;
	take_units(toucher);
	return g_steal_pointer(&touched);
}

struct touched *touched_units(const struct kernel *kernel, const struct commands *commands,
			      const struct overlay *overlay, GError **error)
{
	AUTO(toucher) toucher = toucher_new(kernel, commands, overlay);
	AUTO(touched) touched = touched_new();

	begin(toucher, touched);
	for (guint i = 0; i < overlay->files->len; i++)
		if (!sort_file(toucher, g_ptr_array_index(overlay->files, i), error))
			return NULL;
	take_units(toucher);
	return g_steal_pointer(&touched);
}

void touched_free(struct touched *touched)
{
	g_ptr_array_unref(touched->units);
	g_ptr_array_unref(touched->refusals);
	g_ptr_array_unref(touched->notes);
	g_ptr_array_unref(touched->seen);
	g_free(touched);
}
