/*
 * The census of vmlinux, which has no symbol table on disk: symbols are those of kallsyms, tables
 * are found by the symbols that the linker script puts around them, and a field refers to what its
 * value says.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "census/inside.h"
#include "elf/view.h"
#include "kernel/kallsyms.h"
#include "kernel/special.h"

struct vmlinux {
	struct fields fields; /* first: what sites.c hands back */
	struct view *view;
	const struct kallsyms *kallsyms;
	GHashTable *by_name; /* name -> struct kallsym, the first of several */
};

static const struct {
	enum census_mark mark;
	const char *begin, *end;
} bounds[] = {
	{CENSUS_JUMP, "__start___jump_table", "__stop___jump_table"},
	{CENSUS_CALL, "__start_static_call_sites", "__stop_static_call_sites"},
	{CENSUS_ALTERNATIVE, "__alt_instructions", "__alt_instructions_end"},
	{CENSUS_PARAVIRT, "__parainstructions", "__parainstructions_end"},
	{CENSUS_BUG, "__start___bug_table", "__stop___bug_table"},
	{CENSUS_EXTABLE, "__start___ex_table", "__stop___ex_table"},
	{CENSUS_SMP_LOCK, "__smp_locks", "__smp_locks_end"},
	{CENSUS_RETPOLINE, "__retpoline_sites", "__retpoline_sites_end"},
	{CENSUS_RETURN, "__return_sites", "__return_sites_end"},
	{CENSUS_CALL_SITE, "__call_sites", "__call_sites_end"},
	{CENSUS_ENDBR, "__ibt_endbr_seal", "__ibt_endbr_seal_end"},
	{CENSUS_MCOUNT, "__start_mcount_loc", "__stop_mcount_loc"},
	{CENSUS_ORC, "__start_orc_unwind_ip", "__stop_orc_unwind_ip"},
};

/* What linker scripts make of vmlinux beside the sections that objects have. */
static const char *const of_vmlinux[] = {
	".pci_fixup", ".notes",	       "__init_rodata",	    ".orc_lookup",
	".vvar",      ".iommu_table",  ".x86_cpu_dev.init", ".data_nosave",
	".brk",	      ".init.scratch", ".tracedata",
};

static const guint8 *bytes_at(const struct vmlinux *vmlinux, guint64 address, guint64 size)
{
	for (guint i = 1; i < view_section_count(vmlinux->view); i++) {
		const Elf64_Shdr *header = view_section(vmlinux->view, i)->header;
		const guint8 *data = view_data(vmlinux->view, i);

		if (data && header->sh_flags & SHF_ALLOC && address >= header->sh_addr &&
		    address - header->sh_addr <= header->sh_size &&
		    size <= header->sh_size - (address - header->sh_addr))
			return data + (address - header->sh_addr);
	}
	return NULL;
}

static guint64 read_value(const guint8 *at, guint size)
{
	guint64 value = 0;

	for (guint i = size; i-- > 0;)
		value = value << 8 | at[i];
	return size == 4 ? (guint64)(gint64)(gint32)value : value;
}

static gboolean refers(struct fields *fields, const struct table *table, guint64 offset, int size,
		       struct place *place)
{
	guint64 value = read_value(table->data + offset, size == 4 ? 4 : 8);

	*place = (struct place){.section = 1,
				.offset = size == ABSOLUTE ? value : table->start + offset + value};
	return value != 0;
}

static const char *text_at(struct fields *fields, const struct place *place)
{
	const struct vmlinux *vmlinux = (const struct vmlinux *)fields;

	for (guint i = 1; i < view_section_count(vmlinux->view); i++) {
		const Elf64_Shdr *header = view_section(vmlinux->view, i)->header;
		const guint8 *data = view_data(vmlinux->view, i);
		guint64 from = place->offset - header->sh_addr;

		if (data && header->sh_flags & SHF_ALLOC && place->offset >= header->sh_addr &&
		    from < header->sh_size && memchr(data + from, 0, header->sh_size - from))
			return (const char *)data + from;
	}
	return NULL;
}

/* All that a replacement of vmlinux refers to is in vmlinux: a call, a jump, or by address. */
static gboolean code_refers(struct fields *fields, const struct place *code, guint size,
			    struct place *place)
{
	const guint8 *bytes = bytes_at((const struct vmlinux *)fields, code->offset, size);

	*place = *code;
	return bytes && size >= 5 && (*bytes == 0xe8 || *bytes == 0xe9);
}

static guint64 address_of(const struct vmlinux *vmlinux, const char *name)
{
	const struct kallsym *symbol = g_hash_table_lookup(vmlinux->by_name, name);

	return symbol ? symbol->address : 0;
}

static gboolean is_code(const struct vmlinux *vmlinux, const struct kallsym *symbol)
{
	static const char *const bound[][2] = {{"_stext", "_etext"}, {"_sinittext", "_einittext"}};

	if (!strchr("tTwW", symbol->type) || g_str_has_prefix(symbol->name, "__pfx_") ||
	    g_str_has_prefix(symbol->name, "__cfi_"))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(bound); i++)
		if (symbol->address >= address_of(vmlinux, bound[i][0]) &&
		    symbol->address < address_of(vmlinux, bound[i][1]))
			return TRUE;
	return FALSE;
}

/* A symbol ends where the next begins, the padding before that included. */
static void read_symbols(struct vmlinux *vmlinux)
{
	const struct kallsyms *kallsyms = vmlinux->kallsyms;
	GArray *all = vmlinux->fields.subject->named;
	guint64 end = G_MAXUINT64;

	g_array_set_size(all, (guint)kallsyms->count);
	for (gsize i = kallsyms->count; i-- > 0;) {
		const struct kallsym *symbol = &kallsyms->symbols[i];

		if (i + 1 < kallsyms->count && symbol[1].address > symbol->address)
			end = symbol[1].address;
		g_array_index(all, struct named, i) = (struct named){
			.section = 1,
			.start = symbol->address,
			.end = end,
			.name = symbol->name,
			.function = is_code(vmlinux, symbol) ? 0 : NO_FUNCTION,
		};
	}
}

static gboolean walk(struct vmlinux *vmlinux, const char *section, guint64 start, guint64 end,
		     GError **error)
{
	struct table table = {.section = 1, .start = start, .size = end - start};

	if (!start || end <= start || !sites_layout(&table, section, vmlinux->fields.series))
		return TRUE;
	table.data = bytes_at(vmlinux, start, table.size);
	if (!table.data) {
		klatch_fail(error, KLATCH_INPUT, "vmlinux can't be counted", section, NULL,
			    "it is not in the image");
		return FALSE;
	}
	return sites_walk(&vmlinux->fields, &table, error);
}

static gboolean walk_bound(struct vmlinux *vmlinux, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(bounds); i++)
		if (!walk(vmlinux, census_meaning(bounds[i].mark)->section,
			  address_of(vmlinux, bounds[i].begin), address_of(vmlinux, bounds[i].end),
			  error))
			return FALSE;
	return TRUE;
}

/* The tables that are read once at boot are sections still, one for each constant. */
static gboolean walk_constants(struct vmlinux *vmlinux, GError **error)
{
	for (guint i = 1; i < view_section_count(vmlinux->view); i++) {
		const struct view_section *section = view_section(vmlinux->view, i);
		const struct special *special = special_find(section->name, vmlinux->fields.series);
		guint64 start = section->header->sh_addr;

		if (special && special->at_boot &&
		    !walk(vmlinux, section->name, start, start + section->header->sh_size, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean is_known(const char *section, guint series)
{
	for (gsize i = 0; i < G_N_ELEMENTS(of_vmlinux); i++)
		if (!strcmp(section, of_vmlinux[i]))
			return TRUE;
	return special_find(section, series) || special_is_ordinary(section);
}

static void find_unknown(struct vmlinux *vmlinux)
{
	for (guint i = 1; i < view_section_count(vmlinux->view); i++) {
		const struct view_section *section = view_section(vmlinux->view, i);

		if (section->header->sh_flags & SHF_ALLOC &&
		    !is_known(section->name, vmlinux->fields.series))
			g_ptr_array_add(vmlinux->fields.subject->unknown, g_strdup(section->name));
	}
}

static gboolean read_all(struct vmlinux *vmlinux, GError **error)
{
	const struct kallsyms *kallsyms = vmlinux->kallsyms;

	for (gsize i = kallsyms->count; i-- > 0;)
		g_hash_table_insert(vmlinux->by_name, (gpointer)kallsyms->symbols[i].name,
				    &kallsyms->symbols[i]);
	vmlinux->fields.dyndbg_section = 1;
	vmlinux->fields.dyndbg_start = address_of(vmlinux, "__start___dyndbg");
	vmlinux->fields.dyndbg_end = address_of(vmlinux, "__stop___dyndbg");
	read_symbols(vmlinux);
	subject_make_functions(vmlinux->fields.subject);
	find_unknown(vmlinux);
	return walk_bound(vmlinux, error) && walk_constants(vmlinux, error);
}

gboolean vmlinux_read(struct subject *subject, const struct kernel *kernel, GError **error)
{
	AUTO(kallsyms) kallsyms = kallsyms_read(kernel->kallsyms, error);
	g_autoptr(GBytes) bytes = kallsyms ? files_map(kernel->vmlinux, error) : NULL;
	AUTO(view) view = bytes ? view_open(bytes, kernel->vmlinux, error) : NULL;
	struct vmlinux vmlinux = {
		.fields = {.subject = subject,
			   .series = kernel->series,
			   .refers = refers,
			   .text = text_at,
			   .code_refers = code_refers},
		.view = view,
		.kallsyms = kallsyms,
	};

	if (!view)
		return FALSE;
	vmlinux.by_name = g_hash_table_new(g_str_hash, g_str_equal);
	gboolean good = read_all(&vmlinux, error);
	g_hash_table_unref(vmlinux.by_name);
	subject_finish(subject);
	return good;
}
