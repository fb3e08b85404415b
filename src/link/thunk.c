/*
 * Why at the end of the function's own section, inside the function's symbol: the livepatch core
 * looks for functions on stacks by symbol, and objtool follows the jump and gives the test the
 * stack state of the site.
 */
#include <string.h>

#include "base/error.h"
#include "kernel/special.h"
#include "link/thunk.h"
#include "link/x86.h"

static gboolean is_late(const struct assembly *assembly, const struct reloc *reloc)
{
	return reloc && reloc->symbol && bind_is_late(assembly_name(assembly, reloc->symbol));
}

/* The function that code at an offset of a section belongs to, or NULL. */
static struct symbol *function_at(const struct object *object, const struct section *section,
				  guint64 offset)
{
	for (guint i = 0; i < object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);

		if (symbol->section == section && symbol->type == STT_FUNC &&
		    symbol->value <= offset && offset < symbol->value + symbol->size)
			return symbol;
	}
	return NULL;
}

static gboolean refuse(const struct assembly *assembly, const struct section *section,
		       guint64 offset, GError **error, const char *why, ...) G_GNUC_PRINTF(5, 6);

static gboolean refuse(const struct assembly *assembly, const struct section *section,
		       guint64 offset, GError **error, const char *why, ...)
{
	const struct symbol *function = function_at(assembly->object, section, offset);
	const char *name = function ? function->name : section->name;
	g_autofree char *where =
		g_strdup_printf("%s: %s+0x%" G_GINT64_MODIFIER "x", assembly->object->name, name,
				offset - (function ? function->value : 0));
	va_list args;

	va_start(args, why);
	g_autofree char *text = g_strdup_vprintf(why, args);
	va_end(args);
	klatch_fail(error, KLATCH_REFUSED, "a reference to a module's symbol can't be bound late",
		    where, NULL, "%s", text);
	return FALSE;
}

/* Moves an entry of a table towards its start, into what it will be without the dropped ones. */
static void keep_entry(struct section *table, GArray *relocs, guint64 entry, guint64 to, guint size)
{
	memmove(table->data + to, table->data + entry, size);
	for (guint i = section_reloc_index(table, entry);
	     i < table->relocs->len && section_reloc(table, i)->offset < entry + size; i++) {
		struct reloc reloc = *section_reloc(table, i);

		reloc.offset -= entry - to;
		g_array_append_val(relocs, reloc);
	}
}

/* Takes entries out of a table. */
static void drop_entries(struct section *table, guint size, const gboolean *dropped)
{
	GArray *relocs = g_array_new(FALSE, FALSE, sizeof(struct reloc));
	guint64 kept = 0;

	for (guint64 entry = 0; entry + size <= table->size; entry += size) {
		if (dropped[entry / size])
			continue;
		keep_entry(table, relocs, entry, kept, size);
		kept += size;
	}
	table->size = kept;
	g_array_unref(table->relocs);
	table->relocs = relocs;
}

/* --- jump labels ----------------------------------------------------------------------------- */

/* Grows the symbols that ended where the section did. */
static void grow_symbols(struct object *object, const struct section *section, guint64 old_end)
{
	for (guint i = 0; i < object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);

		if (symbol->section == section && symbol->type == STT_FUNC &&
		    symbol->value + symbol->size == old_end)
			symbol->size = section->size - symbol->value;
	}
}

static gboolean rewrite_site(struct assembly *assembly, const struct section *table, guint64 entry,
			     GError **error)
{
	const struct reloc *code = section_reloc_at(table, entry + X86_JUMP_CODE);
	const struct reloc *target = section_reloc_at(table, entry + X86_JUMP_TARGET);
	const struct reloc *key = section_reloc_at(table, entry + X86_JUMP_KEY);
	struct x86_jump_label label = {
		.section = code->symbol->section,
		.site = x86_code_target(table, code),
		.target_section = target->symbol->section,
		.target = x86_code_target(table, target),
		.key = key->symbol,
		.key_addend = key->addend,
	};
	const struct symbol *function = function_at(assembly->object, label.section, label.site);
	guint64 old_end = label.section->size;

	if (!function || function->value + function->size != old_end)
		return refuse(assembly, label.section, label.site, error,
			      "the code of the jump label on %s is in no function",
			      assembly_name(assembly, key->symbol));
	if (!x86_is_jump_site(label.section, label.site))
		return refuse(assembly, label.section, label.site, error,
			      "the jump label on %s is too short to be rewritten",
			      assembly_name(assembly, key->symbol));
	x86_write_jump_label(assembly->object, &label);
	grow_symbols(assembly->object, label.section, old_end);
	return TRUE;
}

gboolean thunk_jump_labels(struct assembly *assembly, guint series, GError **error)
{
	struct section *table = object_section(assembly->object, "__jump_table");

	if (!table)
		return TRUE;
	guint size = special_find(table->name, series)->entry_size;
	g_autofree gboolean *dropped = g_new0(gboolean, table->size / size);
	for (guint64 entry = 0; entry + size <= table->size; entry += size) {
		if (!is_late(assembly, section_reloc_at(table, entry + X86_JUMP_KEY)))
			continue;
		if (!rewrite_site(assembly, table, entry, error))
			return FALSE;
		dropped[entry / size] = TRUE;
	}
	drop_entries(table, size, dropped);
	return TRUE;
}

/* --- call sites ------------------------------------------------------------------------------ */

void thunk_call_sites(const struct assembly *assembly, struct object *object, guint series)
{
	struct section *table = object_section(object, ".call_sites");

	if (!table)
		return;
	guint size = special_find(table->name, series)->entry_size;
	g_autofree gboolean *dropped = g_new0(gboolean, table->size / size);
	for (guint64 entry = 0; entry + size <= table->size; entry += size) {
		const struct reloc *code = section_reloc_at(table, entry);
		const struct section *section = code->symbol->section;
		guint64 call = x86_code_target(table, code);

		dropped[entry / size] =
			is_late(assembly, section_reloc_at(section, call + X86_CALL_DISPLACEMENT));
	}
	drop_entries(table, size, dropped);
}

/* --- alternatives ---------------------------------------------------------------------------- */

/* A function that jumps to a symbol; one for all alternatives of a unit that call it. */
static struct symbol *jump_to(struct object *object, struct symbol *symbol)
{
	g_autofree char *name = g_strconcat("klatch_to_", symbol->name, NULL);
	g_autofree char *section_name = g_strconcat(".text.", name, NULL);
	struct section *section = object_section(object, section_name);

	if (section)
		return object_symbol(object, name);
	section = object_add_section(object, section_name, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR,
				     16, NULL, 0);
	x86_append_jump(section, symbol, -4);
	return object_add_symbol(object, name, section, 0, section->size, STT_FUNC, STB_LOCAL);
}

static gboolean rewrite_code(struct assembly *assembly, struct section *section, guint64 start,
			     guint64 size, GError **error)
{
	for (guint i = section_reloc_index(section, start);
	     i < section->relocs->len && section_reloc(section, i)->offset < start + size; i++) {
		struct reloc *reloc = section_reloc(section, i);

		if (!is_late(assembly, reloc))
			continue;
		if (!x86_is_branch(section, reloc) || reloc->addend != -4)
			return refuse(assembly, section, reloc->offset, error,
				      "an alternative uses %s other than by calling it",
				      assembly_name(assembly, reloc->symbol));
		reloc->symbol = jump_to(assembly->object, reloc->symbol);
	}
	return TRUE;
}

static gboolean rewrite_alternative(struct assembly *assembly, struct section *table, guint64 entry,
				    guint entry_size, GError **error)
{
	const struct reloc *original = section_reloc_at(table, entry + X86_ALTERNATIVE_ORIGINAL);
	const struct reloc *replacement =
		section_reloc_at(table, entry + X86_ALTERNATIVE_REPLACEMENT);
	struct x86_alternative sizes = x86_alternative(table->data + entry, entry_size);

	return rewrite_code(assembly, original->symbol->section, x86_code_target(table, original),
			    sizes.original_size, error) &&
	       rewrite_code(assembly, replacement->symbol->section,
			    x86_code_target(table, replacement), sizes.replacement_size, error);
}

gboolean thunk_alternatives(struct assembly *assembly, guint series, GError **error)
{
	struct section *table = object_section(assembly->object, ".altinstructions");

	if (!table)
		return TRUE;
	guint size = special_find(table->name, series)->entry_size;
	for (guint64 entry = 0; entry + size <= table->size; entry += size)
		if (!rewrite_alternative(assembly, table, entry, size, error))
			return FALSE;
	return TRUE;
}
