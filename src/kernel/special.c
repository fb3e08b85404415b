/*
 * The table of special sections, and the table of ordinary ones.
 *
 * Entry sizes were read off objects that gcc makes of each kernel's own source; a row that holds
 * for some series only says which.  Rows are looked up in order: the first that fits is the one.
 */
#include <string.h>

#include "kernel/special.h"

struct row {
	struct special special;
	guint since; /* first series it holds for; 0: all before `until` */
	guint until; /* last series it holds for; 0: all after `since` */
};

#define ROW(section, what, ...)                                                                    \
	.special = {.name = section, .policy = SPECIAL_##what, ##__VA_ARGS__}
#define SIZE(size)   .entry_size = (size)
#define LINE(offset) .ignored_offset = (offset), .ignored_size = 2

static const struct row rows[] = {
	/* What the kernel patches, or looks up by the address of an instruction. */
	{ROW(".altinstructions", COPY, SIZE(12)), .until = 6002},
	{ROW(".altinstructions", COPY, SIZE(14)), .since = 6003},
	{ROW(".altinstr_replacement", CODE)},
	{ROW(".altinstr_aux", CODE)},
	{ROW(".fixup", CODE)},
	{ROW(".parainstructions", COPY, SIZE(16))},
	{ROW("__jump_table", COPY, SIZE(16))},
	{ROW("__bug_table", COPY, SIZE(12), LINE(8)), .until = 6018},
	{ROW("__bug_table", COPY, SIZE(16), LINE(12)), .since = 6019},
	{ROW("__ex_table", COPY, SIZE(12))},
	{ROW("runtime_ptr_*", COPY, SIZE(4), .at_boot = TRUE), .since = 6011},
	{ROW("runtime_shift_*", COPY, SIZE(4), .at_boot = TRUE), .since = 6011},
	{ROW(".smp_locks", COPY, SIZE(4))},
	/* gcc -mrecord-mcount makes it, so it is there before objtool is run. */
	{ROW("__mcount_loc", COPY, SIZE(8))},

	/* What objtool makes. */
	{ROW(".static_call_sites", OBJTOOL, SIZE(8))},
	{ROW(".orc_unwind", OBJTOOL, SIZE(6))},
	{ROW(".orc_unwind_ip", OBJTOOL, SIZE(4))},
	{ROW(".retpoline_sites", OBJTOOL, SIZE(4))},
	{ROW(".return_sites", OBJTOOL, SIZE(4))},
	{ROW(".call_sites", OBJTOOL, SIZE(4))},
	{ROW(".cfi_sites", OBJTOOL, SIZE(4))},

	/* What objtool reads.  Pointers became place-relative in 6.4, and all kinds one in 6.14. */
	{ROW(".discard.addressable", HINT, SIZE(8))},
	{ROW(".discard.func_stack_frame_non_standard", HINT, SIZE(8))},
	{ROW(".discard.ibt_endbr_noseal", HINT, SIZE(8))},
	{ROW(".discard.noendbr", HINT, SIZE(8)), .until = 6003},
	{ROW(".discard.noendbr", HINT, SIZE(4)), .since = 6004},
	{ROW(".discard.retpoline_safe", HINT, SIZE(8)), .until = 6003},
	{ROW(".discard.retpoline_safe", HINT, SIZE(4)), .since = 6004},
	{ROW(".discard.annotate_insn", HINT, SIZE(8))},
	{ROW(".discard.ignore_alts", HINT, SIZE(4))},
	{ROW(".discard.instr_begin", HINT, SIZE(4))},
	{ROW(".discard.instr_end", HINT, SIZE(4))},
	{ROW(".discard.intra_function_calls", HINT, SIZE(4))},
	{ROW(".discard.reachable", HINT, SIZE(4))},
	{ROW(".discard.unreachable", HINT, SIZE(4))},
	{ROW(".discard.unwind_hints", HINT, SIZE(12))},
	{ROW(".discard.validate_unret", HINT, SIZE(4))},

	/* What is made for the whole object, or only for tools. */
	{ROW(".discard", IGNORE)}, /* of per-CPU definitions: forces their names to be unique */
	{ROW(".discard.annotate_data", IGNORE)}, /* says where entries of other sections begin */
	{ROW(".discard.ksym", IGNORE)},
	/* Space before functions, which ftrace does not use on x86; vmlinux leaves it out. */
	{ROW("__patchable_function_entries", IGNORE)},
	/* Functions whose address nobody takes, of all that is linked: the ENDBR is taken off when
	   the object is loaded.  In a livepatch all of them stay. */
	{ROW(".ibt_endbr_seal", IGNORE)},
	{ROW(".modinfo", IGNORE)},
	{ROW("__versions", IGNORE)},
	{ROW(".gnu.linkonce.this_module", IGNORE)},
	{ROW("___ksymtab*", IGNORE)},
	{ROW("__ksymtab*", IGNORE)},
	{ROW("___kcrctab*", IGNORE)},
	{ROW("__kcrctab*", IGNORE)},
	{ROW(".export_symbol", IGNORE)},
	{ROW(".static_call_tramp_key", IGNORE)},
	{ROW(".orc_header", IGNORE)},
	{ROW(".printk_index", IGNORE)},
	{ROW(".comment", IGNORE)},
	{ROW(".note.*", IGNORE)},
	{ROW(".BTF", IGNORE)},
	{ROW(".BTF.ext", IGNORE)},
	{ROW(".BTF_ids",
	     IGNORE)}, /* code refers to it, but it is filled when the whole object is linked
			*/
	{ROW(".debug_*", IGNORE)},

	/* What the kernel walks once. */
	{ROW("__param", IGNORE, .registers = TRUE)},
	{ROW("__modver", IGNORE, .registers = TRUE)},
	{ROW(".init.setup", IGNORE, .registers = TRUE)},
	{ROW(".initcall*", IGNORE, .registers = TRUE)},
	{ROW(".con_initcall.init", IGNORE, .registers = TRUE)},
	{ROW(".exitcall.exit", IGNORE, .registers = TRUE)},
	{ROW(".lsm_info.init", IGNORE, .registers = TRUE)},
	{ROW(".early_lsm_info.init", IGNORE, .registers = TRUE)},
	{ROW(".x86_cpu_dev.init", IGNORE, .registers = TRUE)},
	{ROW(".kunit*", IGNORE, .registers = TRUE)},
	{ROW(".apicdrivers", IGNORE, .registers = TRUE)},
	{ROW(".pci_fixup*", IGNORE, .registers = TRUE)},
	{ROW("__earlycon_table", IGNORE, .registers = TRUE)},
	{ROW("__governor_thermal_table", IGNORE, .registers = TRUE)},
	{ROW("___srcu_struct_ptrs", IGNORE, .registers = TRUE)},
	{ROW("__tracepoints_ptrs", IGNORE, .registers = TRUE)},
	{ROW("__bpf_raw_tp_map", IGNORE, .registers = TRUE)},
	{ROW("__syscalls_metadata", IGNORE, .registers = TRUE)},
	{ROW("_ftrace_events", IGNORE, .registers = TRUE)},
	{ROW("_ftrace_eval_map", IGNORE, .registers = TRUE)},
	{ROW("_kprobe_blacklist", IGNORE, .registers = TRUE)},
	{ROW("_error_injection_whitelist", IGNORE, .registers = TRUE)},
};

/*
 * __dyndbg is here because code refers to its descriptors by name, as to any static variable; that
 * the kernel also lists them is only for their users.  The same goes for __tracepoints.  A variable
 * that is unchanged is all that a replaced function can need of a section that is in order.
 */
static const char *const ordinary[] = {
	".text",
	".text.*",
	".data",
	".data.*",
	".rodata",
	".rodata.*",
	".bss",
	".bss.*",
	".init.text",
	".init.data",
	".init.rodata",
	".init.text.*",
	".init.data.*",
	".init.rodata.*",
	".exit.text",
	".exit.data",
	".exit.text.*",
	".exit.data.*",
	".meminit.*",
	".memexit.*",
	".ref.text",
	".ref.data",
	".ref.rodata",
	".head.text",
	".entry.text",
	".noinstr.text",
	".sched.text",
	".spinlock.text",
	".cpuidle.text",
	".irqentry.text",
	".softirqentry.text",
	".kprobes.text",
	".static_call.text",
	"__dyndbg",
	"__dyndbg_classes",
	"__tracepoints",
	"__tracepoints_strings",
	"__tracepoint_str",
	"__trace_printk_fmt",
	"__stop_sched_class", /* one variable each, which the linker script puts in order */
	"__dl_sched_class",
	"__rt_sched_class",
	"__fair_sched_class",
	"__ext_sched_class",
	"__idle_sched_class",
	".klatch.callbacks", /* what a patch itself brings (late/patch.h) */
};

static gboolean name_fits(const char *pattern, const char *name)
{
	gsize length = strlen(pattern);

	if (pattern[length - 1] == '*')
		return !strncmp(pattern, name, length - 1);
	return !strcmp(pattern, name);
}

static gboolean row_holds(const struct row *row, guint series)
{
	return series >= row->since && (!row->until || series <= row->until);
}

const struct special *special_find(const char *section_name, guint series)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (row_holds(&rows[i], series) && name_fits(rows[i].special.name, section_name))
			return &rows[i].special;
	return NULL;
}

gboolean special_is_ordinary(const char *section_name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(ordinary); i++)
		if (name_fits(ordinary[i], section_name))
			return TRUE;
	return FALSE;
}
