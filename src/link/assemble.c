/*
 * Pieces are laid out first, so that then every relocation can be led to where its target went.
 */
#include <string.h>

#include "kernel/special.h"
#include "link/assemble.h"
#include "link/entry.h"
#include "link/pieces.h"
#include "link/tables.h"
#include "link/x86.h"

#define STATIC_CALL_TRAMPOLINE "__SCT__"
#define STATIC_CALL_KEY	       "__SCK__"

struct assembler {
	struct scope *scope;
	const struct link_unit *unit;
	struct pieces *pieces;
	struct binder *binder;
	GHashTable *replaced;  /* struct section * of patched -> struct diff_function * in it */
	GHashTable *defined;   /* set of the names of symbols that the assembly defines */
	GHashTable *undefined; /* name -> struct symbol * of the assembly */
	struct assembly *assembly;
	char *where; /* the piece whose references are being bound, in words */
};

/* --- what comes along ------------------------------------------------------------------------ */

/* Entries of one table stay together; what comes whole stays apart, as functions must. */
static struct section *section_for(struct object *object, const struct piece *piece)
{
	const struct section *from = piece->from;
	struct section *to = piece->whole ? NULL : object_section(object, from->name);

	if (!to) {
		to = object_add_section(object, from->name, from->type,
					from->flags & ~(guint64)(SHF_GROUP | SHF_LINK_ORDER),
					from->align, NULL, 0);
		to->entsize = from->entsize;
	}
	return to;
}

static void lay_out(struct assembler *assembler)
{
	const GPtrArray *sections = assembler->unit->patched->sections;

	for (guint i = 0; i < sections->len; i++) {
		struct section *section = g_ptr_array_index(sections, i);
		const GPtrArray *pieces = pieces_of(assembler->pieces, section);

		for (guint j = 0; pieces && j < pieces->len; j++) {
			struct piece *piece = g_ptr_array_index(pieces, j);

			piece->to = section_for(assembler->assembly->object, piece);
			piece->base = section_append(
				piece->to, section->data ? section->data + piece->start : NULL,
				piece->end - piece->start, 1);
		}
	}
}

/*
 * All symbols become local, except those that another unit may mean: two objects of the kernel may
 * have functions of one name, and a livepatch may replace both.
 */
static void copy_symbol(struct assembler *assembler, struct symbol *symbol)
{
	struct piece *piece = NULL;

	if (symbol->section && symbol->type != STT_SECTION && !g_str_has_prefix(symbol->name, ".L"))
		piece = pieces_at(assembler->pieces, symbol->section, symbol->value);
	if (!piece)
		return;
	object_add_symbol(assembler->assembly->object, symbol->name, piece->to,
			  symbol->value - piece->start + piece->base, symbol->size, symbol->type,
			  scope_is_new_global(assembler->unit, symbol) ? STB_GLOBAL : STB_LOCAL);
	g_hash_table_add(assembler->defined, symbol->name);
}

/* --- references ------------------------------------------------------------------------------ */

/* Who refers, in words: a function or variable, or else a section. */
static char *describe(const struct assembler *assembler, const struct piece *piece)
{
	const struct object *patched = assembler->unit->patched;
	const char *name = piece->from->name;

	for (guint i = 0; piece->whole && i < patched->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(patched, i);

		if (symbol->section == piece->from && symbol->type != STT_SECTION)
			name = symbol->name;
	}
	return g_strdup_printf("%s: %s", assembler->unit->unit->source, name);
}

/*
 * Whether a reference to something that comes along must lead to the original all the same: a
 * function's address outlives the livepatch, in a table or a struct somewhere, and may be compared
 * with one that was taken before; and calls of the original come here anyway.
 */
static const struct diff_function *takes_address(const struct assembler *assembler,
						 const struct section *from,
						 const struct reloc *reloc)
{
	const struct diff_function *function =
		g_hash_table_lookup(assembler->replaced, reloc->symbol->section);
	const struct special *special = special_find(from->name, assembler->scope->kernel->series);

	if (!function || x86_is_branch(from, reloc) ||
	    (special && special->policy != SPECIAL_CODE) ||
	    x86_code_target(from, reloc) != (gint64)function->patched->value)
		return NULL;
	return function;
}

/* The name under which objtool shall see a bound symbol. */
static char *objtool_name(const struct assembler *assembler, const struct binding *binding,
			  const struct symbol *symbol, gboolean branch)
{
	gboolean taken = g_hash_table_contains(assembler->defined, symbol->name);
	gboolean static_call = g_str_has_prefix(symbol->name, STATIC_CALL_TRAMPOLINE) &&
			       assembler->scope->policy != KLATCH_KERNEL;
	gboolean klp = g_str_has_prefix(binding->symbol, KLP_SYMBOL);

	if (klp && branch && !taken && !static_call && *symbol->name)
		return g_strdup(symbol->name);
	if (!klp && g_hash_table_contains(assembler->defined, binding->symbol))
		return g_strconcat("klatch.undefined.", binding->symbol, NULL);
	return g_strdup(binding->symbol);
}

static struct symbol *undefined_symbol(struct assembler *assembler, const char *name)
{
	struct symbol *symbol = g_hash_table_lookup(assembler->undefined, name);

	if (!symbol) {
		symbol = object_add_symbol(assembler->assembly->object, name, NULL, 0, 0,
					   STT_NOTYPE, STB_GLOBAL);
		g_hash_table_insert(assembler->undefined, symbol->name, symbol);
	}
	return symbol;
}

/* Policy kernel: the key of a module's static call, bound as its trampoline is. */
static gboolean offer_late_key(struct assembler *assembler, const char *key, GError **error)
{
	struct symbol *symbol = object_symbol(assembler->unit->patched, key);
	const struct binding *binding =
		symbol ? bind_symbol(assembler->binder, symbol, assembler->where, error) : NULL;

	if (!binding)
		return !symbol;
	g_hash_table_insert(assembler->assembly->names, g_strdup(key), g_strdup(binding->symbol));
	undefined_symbol(assembler, key);
	return TRUE;
}

/*
 * objtool makes a static call site of a call to a trampoline it knows by name, and refers to the
 * key if that is in the object, else (the kernel then looks it up) to the trampoline.  A call of a
 * module's trampoline has another name, so that it stays a call, unless the policy is kernel.
 */
static gboolean offer_static_call_key(struct assembler *assembler, const char *name, gboolean late,
				      GError **error)
{
	g_autofree char *key = NULL;

	if (!g_str_has_prefix(name, STATIC_CALL_TRAMPOLINE))
		return TRUE;
	key = g_strconcat(STATIC_CALL_KEY, name + strlen(STATIC_CALL_TRAMPOLINE), NULL);
	if (late)
		return offer_late_key(assembler, key, error);
	if (scope_kernel_export(assembler->scope, key))
		undefined_symbol(assembler, key);
	return TRUE;
}

/* Whether a reference takes the address of a function that can't be called through it. */
static gboolean needs_entry(const struct assembler *assembler, const struct piece *piece,
			    const struct reloc *reloc, const struct symbol *symbol,
			    const struct binding *binding)
{
	const struct special *special =
		special_find(piece->from->name, assembler->scope->kernel->series);

	return binding->closed && !x86_is_branch(piece->from, reloc) &&
	       x86_code_target(piece->from, reloc) == (gint64)symbol->value &&
	       (!special || special->policy == SPECIAL_CODE);
}

/* The undefined symbol of a binding, or the entry that is made for it. */
static struct symbol *bound_symbol(struct assembler *assembler, const char *name,
				   const struct symbol *function, const struct binding *binding,
				   gboolean entry, GError **error)
{
	struct symbol *symbol = undefined_symbol(assembler, name);

	if (!entry)
		return symbol;
	if (scope_add_entry(assembler->scope, binding->symbol, assembler->unit->unit))
		return entry_for(assembler->assembly->object, symbol, function->name);
	refuse_binding(function->name, assembler->where, NULL, error,
		       "two patched units take its address, which nobody did before, and it would "
		       "be different in each");
	return NULL;
}

static gboolean copy_reloc_out(struct assembler *assembler, const struct piece *piece,
			       const struct reloc *reloc, struct symbol *symbol, GError **error)
{
	const struct binding *binding =
		bind_symbol(assembler->binder, symbol, assembler->where, error);

	if (!binding)
		return FALSE;

	g_autofree char *name =
		objtool_name(assembler, binding, symbol, x86_is_branch(piece->from, reloc));
	if (strcmp(name, binding->symbol) != 0)
		g_hash_table_insert(assembler->assembly->names, g_strdup(name),
				    g_strdup(binding->symbol));
	if (!offer_static_call_key(assembler, name, bind_is_late(binding->symbol), error))
		return FALSE;

	/* What was relative to the section is now relative to the symbol. */
	gboolean entry = needs_entry(assembler, piece, reloc, symbol, binding);
	struct symbol *to = bound_symbol(assembler, name, symbol, binding, entry, error);
	if (!to)
		return FALSE;
	gint64 addend = reloc->addend + binding->shift;
	if (reloc->symbol != symbol)
		addend += reloc->symbol->value - symbol->value;
	section_add_reloc(piece->to, reloc->offset - piece->start + piece->base, reloc->type, to,
			  addend);
	return TRUE;
}

static gboolean copy_reloc(struct assembler *assembler, const struct piece *piece,
			   const struct reloc *reloc, GError **error)
{
	struct object *object = assembler->assembly->object;
	struct symbol *symbol = reloc->symbol;

	if (!symbol || reloc->type == R_X86_64_NONE)
		return TRUE;
	if (!symbol->section)
		return copy_reloc_out(assembler, piece, reloc, symbol, error);

	const struct diff_function *function = takes_address(assembler, piece->from, reloc);
	if (function)
		return copy_reloc_out(assembler, piece, reloc, function->patched, error);

	const struct piece *target =
		pieces_at(assembler->pieces, symbol->section, x86_code_target(piece->from, reloc));
	if (!target)
		return copy_reloc_out(assembler, piece, reloc, symbol, error);
	section_add_reloc(piece->to, reloc->offset - piece->start + piece->base, reloc->type,
			  object_section_symbol(object, target->to),
			  reloc->addend + symbol->value + target->base - target->start);
	return TRUE;
}

static gboolean copy_relocs(struct assembler *assembler, const struct piece *piece, GError **error)
{
	const struct section *from = piece->from;

	g_free(assembler->where);
	assembler->where = describe(assembler, piece);
	for (guint i = section_reloc_index(from, piece->start);
	     i < from->relocs->len && section_reloc(from, i)->offset < piece->end; i++)
		if (!copy_reloc(assembler, piece, section_reloc(from, i), error))
			return FALSE;
	return TRUE;
}

/* --- constants ------------------------------------------------------------------------------- */

/*
 * The kernel writes some variables' values into its own code at boot (asm/runtime-const.h); the
 * section that lists the places is called after the variable.  Replacement code loads the variable.
 */
#define CONSTANT "runtime_ptr_"

static gboolean refuse_constant(struct assembler *assembler, const struct section *table,
				GError **error)
{
	return refuse_binding(table->name, assembler->unit->unit->source, NULL, error,
			      "the kernel writes a constant into the code at boot, which can't be "
			      "made a load of the variable");
}

static gboolean load_variable(struct assembler *assembler, struct section *table,
			      const struct reloc *entry, GError **error)
{
	struct object *patched = assembler->unit->patched;
	const char *name = table->name + strlen(CONSTANT);
	struct symbol *variable = object_symbol(patched, name);

	if (!variable)
		variable = object_add_undefined(patched, name);
	const struct binding *binding =
		bind_symbol(assembler->binder, variable, assembler->unit->unit->source, error);

	if (!binding)
		return FALSE;
	return x86_load_instead(entry->symbol->section, x86_code_target(table, entry),
				undefined_symbol(assembler, binding->symbol), binding->shift) ||
	       refuse_constant(assembler, table, error);
}

static gboolean load_constants(struct assembler *assembler, GError **error)
{
	const struct object *object = assembler->assembly->object;

	for (guint i = 0; i < object->sections->len; i++) {
		struct section *table = object_section_at(object, i);
		const struct special *special =
			special_find(table->name, assembler->scope->kernel->series);

		if (!special || !special->at_boot)
			continue;
		if (!g_str_has_prefix(table->name, CONSTANT))
			return refuse_constant(assembler, table, error);
		for (guint j = 0; j < table->relocs->len; j++)
			if (!load_variable(assembler, table, section_reloc(table, j), error))
				return FALSE;
		g_array_set_size(table->relocs, 0);
		table->size = 0;
	}
	return TRUE;
}

/* --- the whole ------------------------------------------------------------------------------- */

static gboolean locate_functions(struct assembler *assembler, GError **error)
{
	const GPtrArray *functions = assembler->unit->diff->functions;

	for (guint i = 0; i < functions->len; i++) {
		const struct diff_function *function = g_ptr_array_index(functions, i);
		struct assembly_function replaced = {
			.name = function->patched->name,
			.probed = function->probed,
		};

		if (function->change != DIFF_CHANGED)
			continue;
		if (!bind_replaced(assembler->binder, function, &replaced.location, error))
			return FALSE;
		g_array_append_val(assembler->assembly->replaced, replaced);
	}
	return TRUE;
}

static gboolean assemble(struct assembler *assembler, GError **error)
{
	const struct object *patched = assembler->unit->patched;

	lay_out(assembler);
	for (guint i = 0; i < patched->symbols->len; i++)
		copy_symbol(assembler, object_symbol_at(patched, i));
	for (guint i = 0; i < patched->sections->len; i++) {
		const GPtrArray *pieces =
			pieces_of(assembler->pieces, object_section_at(patched, i));

		for (guint j = 0; pieces && j < pieces->len; j++)
			if (!copy_relocs(assembler, g_ptr_array_index(pieces, j), error))
				return FALSE;
	}
	return load_constants(assembler, error) && locate_functions(assembler, error);
}

static GHashTable *replaced_functions(const struct diff *diff)
{
	GHashTable *replaced = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < diff->functions->len; i++) {
		struct diff_function *function = g_ptr_array_index(diff->functions, i);

		if (function->change == DIFF_CHANGED)
			g_hash_table_insert(replaced, function->patched->section, function);
	}
	return replaced;
}

static struct assembly *assembly_new(const char *name)
{
	struct assembly *assembly = g_new0(struct assembly, 1);

	assembly->object = object_new(name);
	assembly->replaced = g_array_new(FALSE, FALSE, sizeof(struct assembly_function));
	assembly->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return assembly;
}

struct assembly *assemble_unit(struct scope *scope, const struct link_unit *unit, GError **error)
{
	AUTO(assembly) assembly = assembly_new(unit->unit->output);
	AUTO(pieces) pieces = pieces_collect(unit->patched, unit->diff, scope->kernel->series);
	AUTO(binder) binder = binder_new(scope, unit);
	g_autoptr(GHashTable) replaced = replaced_functions(unit->diff);
	g_autoptr(GHashTable) defined = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) undefined = g_hash_table_new(g_str_hash, g_str_equal);
	struct assembler assembler = {
		.scope = scope,
		.unit = unit,
		.pieces = pieces,
		.binder = binder,
		.replaced = replaced,
		.defined = defined,
		.undefined = undefined,
		.assembly = assembly,
	};

	gboolean done = assemble(&assembler, error);
	g_free(assembler.where);
	return done ? g_steal_pointer(&assembly) : NULL;
}

void assembly_free(struct assembly *assembly)
{
	if (!assembly)
		return;
	object_free(assembly->object);
	g_hash_table_unref(assembly->names);
	g_clear_pointer(&assembly->replaced, g_array_unref);
	g_free(assembly);
}

const char *assembly_name(const struct assembly *assembly, const struct symbol *symbol)
{
	const char *name = g_hash_table_lookup(assembly->names, symbol->name);

	return name ? name : symbol->name;
}

void assembly_add_functions(const struct assembly *assembly, struct object *object)
{
	for (guint i = 0; i < assembly->replaced->len; i++) {
		const struct assembly_function *function =
			&g_array_index(assembly->replaced, struct assembly_function, i);
		const struct symbol *symbol = object_symbol(object, function->name);

		if (function->probed)
			tables_add_probe(object, &function->location, symbol->section,
					 symbol->value);
		else
			tables_add_function(object, &function->location, symbol->section,
					    symbol->value);
	}
}

void assembly_rename(const struct assembly *assembly, struct object *object)
{
	for (guint i = 0; i < object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);
		const char *name = assembly_name(assembly, symbol);

		if (symbol->section || name == symbol->name)
			continue;
		g_free(symbol->name);
		symbol->name = g_strdup(name);
	}
}
