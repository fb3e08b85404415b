/*
 * Addresses that outlive a livepatch.
 *
 * The kernel's transition looks for the functions that are replaced on stacks, and for nothing
 * else.  What the code of a livepatch has given away before - the function of a timer, of a work or
 * of an RCU callback, a table of functions that an object points at - is used afterwards as well.
 * The address of a replaced function is that of the original (assemble.c) and stays good.
 *
 * Nor does it look for what kprobes lead to (late/probe.c).
 *
 * Counted is that, each function that came along whose address is taken, by code or by data that
 * came along, and each variable with addresses of functions whose own address is taken, other than
 * to read what is in it; and any variable or string whose address code stores in memory at once.
 * Whether an address is kept, or lent for the time of a call, is not known: a module that stays
 * costs some memory, one that goes too early the machine.
 *
 * Not counted is the rest.  Strings are handed on with every message, and few functions keep them
 * (KEEPERS), as they do the names of interrupts; a lock or a counter that is new is used by the
 * code around it.
 */
#include "link/kept.h"

#include <string.h>

#include "base/names.h"
#include "diff/insn.h"
#include "diff/names.h"
#include "kernel/special.h"
#include "link/entry.h"
#include "link/tables.h"
#include "link/x86.h"

#define NAMES_SHOWN 5
#define STRING	    "string-of-"

/*
 * Functions of vmlinux that keep a string they are given, for as long as what they made is there:
 * kernel/irq/manage.c, kernel/irq/devres.c, kernel/resource.c, kernel/dma.c, drivers/pci/pci.c,
 * lib/devres.c, drivers/base/class.c, drivers/hwmon/hwmon.c, drivers/leds/led-triggers.c,
 * kernel/events/core.c, kernel/cpu.c.  Those of modules are not listed: they are bound late.
 */
static const char *const KEEPERS[] = {
	"request_threaded_irq",
	"request_any_context_irq",
	"request_nmi",
	"request_percpu_nmi",
	"__request_percpu_irq",
	"devm_request_threaded_irq",
	"devm_request_any_context_irq",
	"__request_region",
	"__devm_request_region",
	"request_dma",
	"pci_request_region",
	"pci_request_regions",
	"pci_request_regions_exclusive",
	"pci_request_selected_regions",
	"pci_request_selected_regions_exclusive",
	"pcim_iomap_regions",
	"pcim_iomap_regions_request_all",
	"__class_create",
	"class_create",
	"hwmon_device_register_with_info",
	"hwmon_device_register_with_groups",
	"devm_hwmon_device_register_with_info",
	"devm_hwmon_device_register_with_groups",
	"led_trigger_register_simple",
	"perf_pmu_register",
	"__cpuhp_setup_state",
	"__cpuhp_setup_state_cpuslocked",
};

struct search {
	const struct object *livepatch;
	guint series;
	GHashTable *entries; /* struct section * -> GPtrArray of the functions in it */
	GHashTable *tables;  /* set of struct section *: data with addresses of functions */
	GHashTable *found;   /* set of names, owned */
};

/* --- what came along ------------------------------------------------------------------------- */

/* Functions and variables of units have sections of their own; the kernel side has these. */
static gboolean is_kernel_side(const struct section *section)
{
	static const char *const names[] = {".text",	  ".text.unlikely", ".init.text",
					    ".exit.text", ".rodata",	    ".data",
					    ".bss",	  ".init.data",	    ".exit.data"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (!strcmp(section->name, names[i]))
			return TRUE;
	return FALSE;
}

/* Whether addresses in a section are used by code, or handed on: not what the kernel itself reads
 * of the livepatch for as long as that is there. */
static gboolean is_ordinary(const struct search *search, const struct section *section)
{
	const struct special *special = special_find(section->name, search->series);

	return (section->flags & SHF_ALLOC) && !is_kernel_side(section) &&
	       !g_str_has_prefix(section->name, TABLES_PREFIX) &&
	       !section_is_livepatch_rela(section) && (!special || special->policy == SPECIAL_CODE);
}

static gboolean is_data(const struct search *search, const struct section *section)
{
	return is_ordinary(search, section) && !section_is_text(section) &&
	       !(section->flags & SHF_MERGE);
}

/* Nobody takes the address of a cold part as that of a function: it is a label's, of a switch. */
static gboolean is_cold(const struct symbol *symbol)
{
	g_autofree char *function = name_of_cold(symbol->name);

	return function != NULL;
}

static void find_entries(struct search *search)
{
	for (guint i = 0; i < search->livepatch->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(search->livepatch, i);
		GPtrArray *entries;

		if (symbol->type != STT_FUNC || !symbol->section || is_cold(symbol) ||
		    !is_ordinary(search, symbol->section))
			continue;
		entries = g_hash_table_lookup(search->entries, symbol->section);
		if (!entries) {
			entries = g_ptr_array_new();
			g_hash_table_insert(search->entries, symbol->section, entries);
		}
		g_ptr_array_add(entries, symbol);
	}
}

/* The function that came along whose address a relocation has; NULL if it leads elsewhere, as to a
 * label in a function. */
static struct symbol *function_at(const struct search *search, const struct section *from,
				  const struct reloc *reloc)
{
	const GPtrArray *entries = g_hash_table_lookup(search->entries, reloc->symbol->section);
	gint64 target = x86_code_target(from, reloc);

	for (guint i = 0; entries && i < entries->len; i++) {
		struct symbol *symbol = g_ptr_array_index(entries, i);

		if ((gint64)symbol->value == target)
			return symbol;
	}
	return NULL;
}

/* --- tables ---------------------------------------------------------------------------------- */

/* What is outside may be a function: of what is not in the livepatch only the name is known. */
static gboolean leads_to_function(const struct search *search, const struct section *from,
				  const struct reloc *reloc)
{
	return reloc->symbol && (!reloc->symbol->section || function_at(search, from, reloc) ||
				 g_hash_table_contains(search->tables, reloc->symbol->section));
}

static gboolean has_function(const struct search *search, const struct section *section)
{
	for (guint i = 0; i < section->relocs->len; i++)
		if (leads_to_function(search, section, section_reloc(section, i)))
			return TRUE;
	return FALSE;
}

/* What is bound late was taken out of the data; a site says where. */
static void add_late_tables(struct search *search, const struct section *sites)
{
	for (guint i = 0; i < sites->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(sites, i);

		if (reloc->symbol && reloc->symbol->section &&
		    is_data(search, reloc->symbol->section))
			g_hash_table_add(search->tables, reloc->symbol->section);
	}
}

/* Whether one was found.  In a finished livepatch the livepatch core's relocations stand apart. */
static gboolean add_table(struct search *search, struct section *section)
{
	struct section *table = section->relocates ? section->relocates : section;

	return is_data(search, table) && !g_hash_table_contains(search->tables, table) &&
	       has_function(search, section) && g_hash_table_add(search->tables, table);
}

/* Data that points at a table is one itself. */
static void find_tables(struct search *search)
{
	gboolean more = TRUE;

	for (guint i = 0; i < search->livepatch->sections->len; i++) {
		const struct section *section = object_section_at(search->livepatch, i);

		if (g_str_has_prefix(section->name, TABLES_SITES))
			add_late_tables(search, section);
	}
	while (more) {
		more = FALSE;
		for (guint i = 0; i < search->livepatch->sections->len; i++)
			more |= add_table(search, object_section_at(search->livepatch, i));
	}
}

/* --- addresses that are taken ---------------------------------------------------------------- */

/* The variable that an address is in, or at whose end it is; NULL if it has no name. */
static const struct symbol *variable_at(const struct search *search, const struct section *section,
					guint64 offset)
{
	const struct symbol *found = NULL;

	for (guint i = 0; i < search->livepatch->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(search->livepatch, i);

		if (symbol->section == section && symbol->type == STT_OBJECT &&
		    offset >= symbol->value && offset <= symbol->value + symbol->size &&
		    (!found || symbol->value > found->value))
			found = symbol;
	}
	return found;
}

/* Strings that are variables, as messages for the user of netlink are. */
static gboolean is_text(const struct symbol *variable)
{
	const guint8 *data = variable->section->data;
	guint64 last = variable->value + variable->size - 1;

	if (!data || !variable->size ||
	    variable->size > variable->section->size - variable->value || data[last] ||
	    section_reloc_index(variable->section, variable->value) !=
		    section_reloc_index(variable->section, last))
		return FALSE;
	for (guint64 i = variable->value; i < last; i++)
		if (!data[i] || g_ascii_iscntrl(data[i]))
			return FALSE;
	return TRUE;
}

static void add_found(struct search *search, const char *name)
{
	if (g_str_has_prefix(name, ENTRY_PREFIX))
		name += strlen(ENTRY_PREFIX);
	g_hash_table_add(search->found, g_strdup(name));
}

/*
 * Data without functions counts where code stores its address: src/diff/tables.c refuses to change
 * such constants for the same reason.  What is only compared with an address keeps nothing.
 */
static void look_at_data(struct search *search, const struct section *from,
			 const struct reloc *reloc, const struct insn_use *use)
{
	struct section *data = reloc->symbol->section;
	gboolean is_table = g_hash_table_contains(search->tables, data);
	const struct symbol *variable;

	if (use->access || !is_data(search, data) ||
	    (use->address != INSN_STORED && (!is_table || use->address != INSN_PLAIN)))
		return;
	variable = variable_at(search, data, x86_code_target(from, reloc));
	if (is_table || !variable || !is_text(variable))
		add_found(search, variable ? variable->name : data->name);
}

static void look_at(struct search *search, const struct section *from, const struct reloc *reloc,
		    const struct insn_use *use)
{
	const struct symbol *function;

	if (!reloc->symbol || !reloc->symbol->section || use->branch)
		return;
	function = function_at(search, from, reloc);
	if (function)
		add_found(search, function->name);
	else if (section_is_text(from))
		look_at_data(search, from, reloc, use);
}

/* What kprobes lead to. */
static void look_at_probes(struct search *search)
{
	const struct section *probes = object_section(search->livepatch, TABLES_PROBES);

	for (guint i = 0; probes && i < probes->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(probes, i);
		const struct symbol *function = reloc->symbol && reloc->symbol->section
							? function_at(search, probes, reloc)
							: NULL;

		if (function)
			add_found(search, function->name);
	}
}

/* --- strings --------------------------------------------------------------------------------- */

static gboolean is_keeper(const char *function)
{
	for (gsize i = 0; i < G_N_ELEMENTS(KEEPERS); i++)
		if (!strcmp(function, KEEPERS[i]))
			return TRUE;
	return FALSE;
}

static gboolean is_string(const struct reloc *reloc, const struct insn_use *use)
{
	return reloc->symbol && reloc->symbol->section &&
	       (reloc->symbol->section->flags & SHF_STRINGS) && !use->access;
}

/* Whether code stores the address of a string, or gives one to a function that keeps it: since the
 * call before. */
static gboolean keeps_string(const struct section *code, const struct insn_use *uses)
{
	gboolean is_given = FALSE;

	for (guint i = 0; i < code->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(code, i);

		if (is_string(reloc, &uses[i])) {
			if (uses[i].address == INSN_STORED)
				return TRUE;
			is_given |= uses[i].address == INSN_PLAIN;
		} else if (uses[i].branch && reloc->symbol) {
			if (is_given && is_keeper(reloc->symbol->name))
				return TRUE;
			is_given = FALSE;
		}
	}
	return FALSE;
}

/* The function that a section of code is of, or is the cold part of; caller frees. */
static char *function_of(const struct search *search, const struct section *code)
{
	for (guint i = 0; i < search->livepatch->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(search->livepatch, i);
		char *function;

		if (symbol->section != code || symbol->type != STT_FUNC)
			continue;
		function = name_of_cold(symbol->name);
		return function ? function : g_strdup(symbol->name);
	}
	return g_strdup(code->name);
}

/* A string has no name. */
static void look_at_strings(struct search *search, const struct section *code,
			    const struct insn_use *uses)
{
	g_autofree char *function = NULL;

	if (!keeps_string(code, uses))
		return;
	function = function_of(search, code);
	g_hash_table_add(search->found, g_strconcat(STRING, function, NULL));
}

static void look_through(struct search *search, const struct section *from)
{
	g_autofree struct insn_use *uses = insn_uses(from);

	for (guint i = 0; i < from->relocs->len; i++)
		look_at(search, from, section_reloc(from, i), &uses[i]);
	if (section_is_text(from))
		look_at_strings(search, from, uses);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *kept_find(const struct object *livepatch, guint series)
{
	g_autoptr(GHashTable) entries =
		g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
	g_autoptr(GHashTable) tables = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct search search = {livepatch, series, entries, tables, found};
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer name;

	find_entries(&search);
	find_tables(&search);
	look_at_probes(&search);
	for (guint i = 0; i < livepatch->sections->len; i++)
		if (is_ordinary(&search, object_section_at(livepatch, i)))
			look_through(&search, object_section_at(livepatch, i));
	g_hash_table_iter_init(&iter, found);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	return names;
}

char *kept_describe(const char *what, const GPtrArray *kept)
{
	g_autofree char *names = names_list(kept, NAMES_SHOWN);

	return g_strdup_printf("%s stays in memory: the kernel may keep %s", what, names);
}
