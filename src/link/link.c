/*
 * The door of this room: each unit is assembled, given to objtool, and joined to the others and to
 * the kernel side; the whole becomes a livepatch module.
 */
#include "link/link.h"

#include <string.h>

#include "base/error.h"
#include "compile/compile.h"
#include "elf/seal.h"
#include "kernel/special.h"
#include "link/assemble.h"
#include "link/finish.h"
#include "link/join.h"
#include "link/kept.h"
#include "link/scope.h"
#include "link/tables.h"
#include "link/thunk.h"

/*
 * Runs objtool on what was assembled of a unit: with the unit's own arguments, but always as for a
 * module, since that is where the code will run (its static calls may have keys it can't see).
 */
static struct object *run_objtool(const struct kernel *kernel, const struct link_unit *unit,
				  struct object *object, const char *path, GError **error)
{
	struct unit as_module = *unit->unit;
	g_autofree char *command = NULL;

	if (!as_module.objtool) {
		klatch_fail(error, KLATCH_REFUSED, "the unit can't be patched", as_module.source,
			    NULL,
			    "it is built without objtool, so the stacks of its functions are not "
			    "reliable");
		return NULL;
	}
	if (!strstr(as_module.objtool, " --module")) {
		command = g_strconcat(as_module.objtool, " --module", NULL);
		as_module.objtool = command;
	}
	if (!object_write(object, path, error) || !compile_objtool(kernel, &as_module, path, error))
		return NULL;
	return object_read(path, error);
}

/* What objtool says of a unit as if that were the whole livepatch is not loaded: that nobody takes
 * the address of a function (.ibt_endbr_seal). */
static void drop_judgements(struct object *object, guint series)
{
	for (guint i = 0; i < object->sections->len; i++) {
		struct section *section = object_section_at(object, i);
		const struct special *special = special_find(section->name, series);

		if (special && special->policy == SPECIAL_IGNORE)
			section->flags &= ~(guint64)SHF_ALLOC;
	}
}

static gboolean join_unit(struct object *into, struct scope *scope, const struct link_unit *unit,
			  enum klatch_policy policy, const char *path, GError **error)
{
	guint series = scope->kernel->series;
	AUTO(assembly) assembly = assemble_unit(scope, unit, error);

	if (!assembly ||
	    (policy != KLATCH_KERNEL && (!thunk_jump_labels(assembly, series, error) ||
					 !thunk_alternatives(assembly, series, error))))
		return FALSE;

	AUTO(object) object = run_objtool(scope->kernel, unit, assembly->object, path, error);
	if (!object)
		return FALSE;
	thunk_call_sites(assembly, object, series);
	drop_judgements(object, series);
	assembly_rename(assembly, object);
	assembly_add_functions(assembly, object);
	tables_take_callbacks(object, unit->unit->object);
	return tables_take_sites(object, unit->unit->object, series, policy, error) &&
	       join_object(into, object, error);
}

void link_refusal_free(struct link_refusal *refusal)
{
	g_error_free(refusal->error);
	g_free(refusal);
}

/* Keeps a unit's refusal if all are wanted; else it is the error. */
static gboolean keep_refusal(const struct link_options *options, const struct link_unit *unit,
			     GError *problem, GError **error)
{
	struct link_refusal *refusal;

	if (!options->refusals || !g_error_matches(problem, KLATCH_ERROR, KLATCH_REFUSED)) {
		g_propagate_error(error, problem);
		return FALSE;
	}
	refusal = g_new0(struct link_refusal, 1);
	refusal->unit = unit->unit;
	refusal->error = problem;
	g_ptr_array_add(options->refusals, refusal);
	return TRUE;
}

static gboolean join_units(struct object *into, struct scope *scope, const struct link_unit *units,
			   gsize count, const struct link_options *options, const char *directory,
			   GError **error)
{
	GError *problem = NULL;

	for (gsize i = 0; i < count; i++) {
		g_autofree char *name = g_strdup_printf("%zu.link.o", i);
		g_autofree char *path = g_build_filename(directory, name, NULL);

		if ((units[i].diff->functions->len || g_hash_table_size(units[i].diff->sections)) &&
		    !join_unit(into, scope, &units[i], options->policy, path, &problem) &&
		    !keep_refusal(options, &units[i], g_steal_pointer(&problem), error))
			return FALSE;
	}
	if (!options->refusals || !options->refusals->len)
		return TRUE;
	const struct link_refusal *first = g_ptr_array_index(options->refusals, 0);
	g_propagate_error(error, g_error_copy(first->error));
	return FALSE;
}

/* The kernel side may use what vmlinux does not export, as any code of a livepatch. */
static gboolean bind_runtime(const struct object *object, struct scope *scope, GError **error)
{
	const struct image *image = scope_image(scope, "vmlinux", error);

	for (guint i = 0; image && i < object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);
		struct location at;

		if (symbol->section || symbol->special != SHN_UNDEF ||
		    scope_kernel_export(scope, symbol->name))
			continue;
		if (!resolve_undefined(image, symbol->name, object->name, &at, error))
			return FALSE;
		if (at.name) {
			char *name = bind_name(&at);

			g_free(symbol->name);
			symbol->name = name;
		}
	}
	return image != NULL;
}

static gboolean join_piece(struct object *into, struct scope *scope, const char *name,
			   GError **error)
{
	g_autofree char *path = g_build_filename(scope->kernel->late, name, NULL);
	AUTO(object) object = object_read(path, error);

	return object && bind_runtime(object, scope, error) && join_object(into, object, error);
}

static gboolean join_runtime(struct object *into, struct scope *scope, GError **error)
{
	return join_piece(into, scope, "late.o", error) &&
	       (!object_has_symbols(into, KLATCH_SHADOW) ||
		join_piece(into, scope, "shadow.o", error)) &&
	       (!object_has_symbols(into, KLATCH_PROBES) ||
		join_piece(into, scope, "probe.o", error)) &&
	       join_piece(into, scope, "module.o", error);
}

/* What policy split installs takes a livepatch away when its module goes, and loads it anew. */
static gboolean may_stay(const struct link_options *options, const struct unit *unit,
			 const GPtrArray *kept, GError **error)
{
	if (!kept->len || options->policy != KLATCH_SPLIT || !strcmp(unit->object, "vmlinux"))
		return TRUE;
	klatch_fail(error, KLATCH_REFUSED, "the livepatch can't go with its module", unit->source,
		    "choose another --late", "the kernel may keep %s",
		    (const char *)kept->pdata[0]);
	return FALSE;
}

gboolean link_livepatch(const struct kernel *kernel, const struct link_options *options,
			const struct link_unit *units, gsize count, const char *directory,
			const char *path, GError **error)
{
	AUTO(scope) scope = scope_new(kernel, options->policy, units, count, error);
	AUTO(object) livepatch = object_new(options->name);

	if (!scope || !join_units(livepatch, scope, units, count, options, directory, error))
		return FALSE;
	g_autoptr(GPtrArray) kept = kept_find(livepatch, kernel->series);
	finish_hide_symbols(livepatch);
	if (!may_stay(options, units[0].unit, kept, error) ||
	    !tables_add_livepatch(livepatch, scope, options, kept->len > 0, error) ||
	    !join_runtime(livepatch, scope, error) ||
	    !finish_module(livepatch, options, scope->exports, error))
		return FALSE;
	finish_kept(livepatch, kept);
	finish_origin(livepatch, options, units[0].patched);
	finish_livepatch(livepatch);
	tables_number_sites(livepatch, options->policy);
	if (options->kept)
		g_ptr_array_extend_and_steal(options->kept, g_steal_pointer(&kept));
	return seal_write(livepatch, path, error);
}
