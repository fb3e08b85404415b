/*
 * The census of a module: its file is read in place, and what a field refers to is what its
 * relocation says.
 */
#include <string.h>

#include "base/error.h"
#include "census/inside.h"
#include "census/x86.h"
#include "elf/object.h"
#include "elf/view.h"
#include "kernel/special.h"

/* The relocations of a section by rising offset, once they were asked for. */
struct relocs {
	const Elf64_Rela *all;
	gsize count;
	gboolean read;
	Elf64_Rela *sorted; /* a copy, if they were not in order */
};

struct module {
	struct fields fields; /* first: what sites.c hands back */
	struct view *view;
	struct relocs *relocs; /* by section */
};

static gint compare_offsets(gconstpointer a, gconstpointer b)
{
	const Elf64_Rela *left = a, *right = b;

	return (left->r_offset > right->r_offset) - (left->r_offset < right->r_offset);
}

static gboolean in_order(const struct relocs *relocs)
{
	for (gsize i = 1; i < relocs->count; i++)
		if (relocs->all[i - 1].r_offset > relocs->all[i].r_offset)
			return FALSE;
	return TRUE;
}

static gboolean read_relocs(struct module *module, guint section, GError **error)
{
	struct relocs *relocs = &module->relocs[section];

	if (relocs->read)
		return TRUE;
	if (!view_relocs(module->view, section, &relocs->all, &relocs->count, error))
		return FALSE;
	relocs->read = TRUE;
	if (in_order(relocs))
		return TRUE;
	relocs->sorted = g_memdup2(relocs->all, relocs->count * sizeof(Elf64_Rela));
	qsort(relocs->sorted, relocs->count, sizeof(Elf64_Rela), compare_offsets);
	relocs->all = relocs->sorted;
	return TRUE;
}

static gsize first_from(const struct relocs *relocs, guint64 offset)
{
	gsize low = 0, high = relocs->count;

	while (low < high) {
		gsize middle = low + (high - low) / 2;

		if (relocs->all[middle].r_offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The place that a symbol and an addend mean. */
static void place_of(const struct module *module, const Elf64_Rela *reloc, gint64 addend,
		     struct place *place)
{
	const struct view_symbol *symbol =
		view_symbol(module->view, (guint)ELF64_R_SYM(reloc->r_info));

	*place = (struct place){
		.section = symbol->section,
		.offset = symbol->value + (guint64)addend,
		.elsewhere = symbol->section ? NULL : symbol->name,
	};
}

static gboolean refers(struct fields *fields, const struct table *table, guint64 offset, int size,
		       struct place *place)
{
	const struct module *module = (const struct module *)fields;
	const struct relocs *relocs = &module->relocs[table->section];
	gsize at = first_from(relocs, offset);

	if (at == relocs->count || relocs->all[at].r_offset != offset)
		return FALSE;
	place_of(module, &relocs->all[at], relocs->all[at].r_addend, place);
	return TRUE;
}

static const char *text_at(struct fields *fields, const struct place *place)
{
	const struct module *module = (const struct module *)fields;
	const guint8 *data = place->elsewhere ? NULL : view_data(module->view, place->section);
	guint64 size = data ? view_section(module->view, place->section)->header->sh_size : 0;

	if (place->offset >= size || !memchr(data + place->offset, 0, size - place->offset))
		return NULL;
	return (const char *)data + place->offset;
}

/* Of several the one that is hardest to bind: of another object, else of this one. */
static gboolean code_refers(struct fields *fields, const struct place *code, guint size,
			    struct place *place)
{
	const struct module *module = (const struct module *)fields;
	gboolean found = FALSE;

	if (code->elsewhere)
		return FALSE;
	const struct relocs *relocs = &module->relocs[code->section];
	for (gsize i = first_from(relocs, code->offset);
	     i < relocs->count && relocs->all[i].r_offset - code->offset < size; i++) {
		struct place one;

		place_of(module, &relocs->all[i], relocs->all[i].r_addend, &one);
		if (!found || one.elsewhere)
			*place = one;
		found = TRUE;
	}
	return found;
}

static gboolean is_text(const struct view *view, guint section)
{
	const guint64 both = SHF_ALLOC | SHF_EXECINSTR;

	return (view_section(view, section)->header->sh_flags & both) == both;
}

/* Padding before a function has a symbol of its own with some compilers' options. */
static gboolean is_padding(const char *name)
{
	return g_str_has_prefix(name, "__pfx_") || g_str_has_prefix(name, "__cfi_");
}

static void add_named(struct subject *subject, const struct view *view,
		      const struct view_symbol *symbol)
{
	struct named named = {
		.section = symbol->section,
		.start = symbol->value,
		.end = symbol->value + symbol->size,
		.name = symbol->name,
		.function = symbol->type == STT_FUNC && is_text(view, symbol->section)
				    ? 0
				    : NO_FUNCTION,
	};

	g_array_append_val(subject->named, named);
}

/* Takes up the functions and variables that have a place in what is loaded; of those of no size
 * nobody can tell what refers to them (empty lock classes, labels). */
static void read_symbols(struct subject *subject, const struct view *view)
{
	static const char prefix[] = "__ksymtab_";

	for (guint i = 1; i < view_symbol_count(view); i++) {
		const struct view_symbol *symbol = view_symbol(view, i);

		if (!symbol->section || !*symbol->name || is_padding(symbol->name) ||
		    !(view_section(view, symbol->section)->header->sh_flags & SHF_ALLOC))
			continue;
		if (g_str_has_prefix(symbol->name, prefix))
			g_ptr_array_add(subject->exports, g_strdup(symbol->name + strlen(prefix)));
		else if (symbol->size && (symbol->type == STT_FUNC || symbol->type == STT_OBJECT))
			add_named(subject, view, symbol);
	}
}

static void mark_exports(struct subject *subject)
{
	g_autoptr(GHashTable) exports = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < subject->exports->len; i++)
		g_hash_table_add(exports, subject->exports->pdata[i]);
	for (guint i = 0; i < subject->named->len; i++) {
		struct named *named = &g_array_index(subject->named, struct named, i);

		named->exported = g_hash_table_contains(exports, named->name);
	}
}

/* What code at a place refers to: the named symbol, or NULL. */
static const struct named *target_of(const struct module *module, const Elf64_Rela *reloc,
				     const guint8 *code)
{
	const struct view_symbol *symbol =
		view_symbol(module->view, (guint)ELF64_R_SYM(reloc->r_info));
	guint64 offset = symbol->value;

	if (!symbol->section)
		return NULL;
	if (symbol->type == STT_SECTION) {
		offset += (guint64)reloc->r_addend;
		if (reloc_is_relative(ELF64_R_TYPE(reloc->r_info)))
			offset += 4 + x86_bytes_behind(code, reloc->r_offset);
	}
	return subject_named_at(module->fields.subject, symbol->section, offset);
}

static gint compare_pairs(gconstpointer a, gconstpointer b)
{
	guint64 left = *(const guint64 *)a, right = *(const guint64 *)b;

	return (left > right) - (left < right);
}

/* Each pair is a function and one symbol that it refers to. */
static void count_late(struct subject *subject, GArray *pairs)
{
	guint64 last = G_MAXUINT64;

	g_array_sort(pairs, compare_pairs);
	for (guint i = 0; i < pairs->len; i++) {
		guint64 pair = g_array_index(pairs, guint64, i);
		struct census_function *function = &g_array_index(
			subject->functions, struct census_function, (guint)(pair >> 32));

		if (pair == last)
			continue;
		last = pair;
		function->references++;
		subject_mark(subject, (guint32)(pair >> 32), CENSUS_LATE);
	}
}

static void collect_late(struct module *module, guint section, GArray *pairs)
{
	struct subject *subject = module->fields.subject;
	const struct relocs *relocs = &module->relocs[section];
	const guint8 *code = view_data(module->view, section);
	const struct named *own = NULL;

	for (gsize i = 0; code && i < relocs->count; i++) {
		const Elf64_Rela *reloc = &relocs->all[i];
		const struct named *target = target_of(module, reloc, code);

		if (!target || target->exported)
			continue;
		if (!own || reloc->r_offset < own->start || reloc->r_offset >= own->end)
			own = subject_named_at(subject, section, reloc->r_offset);
		if (!own || own->function == NO_FUNCTION || own->function == target->function)
			continue;
		/* All aliases of a place are one target. */
		guint64 pair = (guint64)own->function << 32 |
			       (guint)(target - (const struct named *)subject->named->data);
		g_array_append_val(pairs, pair);
	}
}

static gboolean read_late(struct module *module, GError **error)
{
	g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(guint64));

	for (guint i = 1; i < view_section_count(module->view); i++) {
		if (!is_text(module->view, i) ||
		    special_find(view_section(module->view, i)->name, module->fields.series))
			continue;
		if (!read_relocs(module, i, error))
			return FALSE;
		collect_late(module, i, pairs);
	}
	count_late(module->fields.subject, pairs);
	return TRUE;
}

static gboolean walk_section(struct module *module, guint index, GError **error)
{
	const struct view_section *section = view_section(module->view, index);
	guint series = module->fields.series;
	struct table table = {
		.section = index,
		.size = section->header->sh_size,
		.data = view_data(module->view, index),
	};

	if (!(section->header->sh_flags & SHF_ALLOC) || !table.size)
		return TRUE;
	if (!special_find(section->name, series) && !special_is_ordinary(section->name))
		g_ptr_array_add(module->fields.subject->unknown, g_strdup(section->name));
	if (!table.data || !sites_layout(&table, section->name, series))
		return TRUE;
	return (table.mark == CENSUS_ORC || read_relocs(module, index, error)) &&
	       sites_walk(&module->fields, &table, error);
}

/* Replacements must be readable before the tables that refer to them. */
static gboolean read_code(struct module *module, GError **error)
{
	for (guint i = 1; i < view_section_count(module->view); i++) {
		const struct view_section *section = view_section(module->view, i);

		if (!strcmp(section->name, ".altinstr_replacement") &&
		    !read_relocs(module, i, error))
			return FALSE;
		if (!strcmp(section->name, "__dyndbg")) {
			module->fields.dyndbg_section = i;
			module->fields.dyndbg_end = section->header->sh_size;
		}
	}
	return TRUE;
}

static gboolean read_module(struct module *module, GError **error)
{
	struct subject *subject = module->fields.subject;

	read_symbols(subject, module->view);
	if (subject->left_out)
		return TRUE;
	mark_exports(subject);
	subject_make_functions(subject);
	if (!read_code(module, error))
		return FALSE;
	for (guint i = 1; i < view_section_count(module->view); i++)
		if (!walk_section(module, i, error))
			return FALSE;
	return read_late(module, error);
}

gboolean module_read(struct subject *subject, GBytes *bytes, guint series, GError **error)
{
	AUTO(view) view = view_open(bytes, subject->name, error);
	struct module module = {
		.fields = {.subject = subject,
			   .series = series,
			   .refers = refers,
			   .text = text_at,
			   .code_refers = code_refers},
		.view = view,
	};

	if (!view)
		return FALSE;
	guint count = view_section_count(view);
	module.relocs = g_new0(struct relocs, count);
	gboolean good = read_module(&module, error);
	for (guint i = 0; i < count; i++)
		g_free(module.relocs[i].sorted);
	g_free(module.relocs);
	subject_finish(subject);
	return good;
}
