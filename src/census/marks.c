/*
 * What each mark is called, and in which section it is counted.
 */
#include "census/census.h"

#define HEAD(mark, name, words, from, ...)                                                         \
	[mark] = {.key = (name), .text = (words), .section = (from), ##__VA_ARGS__}
#define ONLY(mark, name, words, from, ...)                                                         \
	[mark] = {.key = (name),                                                                   \
		  .text = (words),                                                                 \
		  .section = (from),                                                               \
		  .entries_only = TRUE,                                                            \
		  ##__VA_ARGS__}
#define PART(mark, name, words) [mark] = {.key = (name), .text = (words), .detail = TRUE}

static const struct census_meaning meanings[] = {
	HEAD(CENSUS_JUMP, "jump_label", "jump label", "__jump_table"),
	PART(CENSUS_JUMP_DYNDBG, "jump_label_dynamic_debug", "of a debug message"),
	PART(CENSUS_JUMP_TRACEPOINT, "jump_label_tracepoint", "of a tracepoint"),
	PART(CENSUS_JUMP_KEY, "jump_label_key", "of a real key"),
	PART(CENSUS_JUMP_OF_VMLINUX, "jump_label_owned_by_vmlinux", "key in vmlinux"),
	PART(CENSUS_JUMP_OF_SAME, "jump_label_owned_by_same_module", "key in the same module"),
	PART(CENSUS_JUMP_OF_ANOTHER, "jump_label_owned_by_another", "key in another module"),
	HEAD(CENSUS_CALL, "static_call", "static call", ".static_call_sites"),
	PART(CENSUS_CALL_TRACEPOINT, "static_call_tracepoint", "of a tracepoint"),
	PART(CENSUS_CALL_OTHER, "static_call_other", "of another kind"),
	PART(CENSUS_CALL_OF_VMLINUX, "static_call_owned_by_vmlinux", "key in vmlinux"),
	PART(CENSUS_CALL_OF_SAME, "static_call_owned_by_same_module", "key in the same module"),
	PART(CENSUS_CALL_OF_ANOTHER, "static_call_owned_by_another", "key in another module"),
	HEAD(CENSUS_ALTERNATIVE, "alternative", "alternative", ".altinstructions"),
	PART(CENSUS_ALTERNATIVE_ALONE, "alternative_alone", "replacement refers to nothing"),
	PART(CENSUS_ALTERNATIVE_OF_VMLINUX, "alternative_refers_to_vmlinux", "... to vmlinux"),
	PART(CENSUS_ALTERNATIVE_OF_SAME, "alternative_refers_to_same_module",
	     "... to the same module"),
	PART(CENSUS_ALTERNATIVE_OF_ANOTHER, "alternative_refers_to_another",
	     "... to another module"),
	HEAD(CENSUS_PARAVIRT, "paravirt", "paravirt call", ".parainstructions"),
	HEAD(CENSUS_BUG, "bug", "WARN or BUG", "__bug_table"),
	PART(CENSUS_BUG_HEADER, "bug_in_header", "written in a header"),
	HEAD(CENSUS_EXTABLE, "exception_table", "fault handler", "__ex_table"),
	HEAD(CENSUS_SMP_LOCK, "smp_lock", "lock prefix", ".smp_locks"),
	HEAD(CENSUS_RETPOLINE, "retpoline_site", "indirect branch", ".retpoline_sites"),
	HEAD(CENSUS_RETURN, "return_site", "return", ".return_sites"),
	HEAD(CENSUS_CALL_SITE, "call_site", "call (depth tracking)", ".call_sites"),
	HEAD(CENSUS_ENDBR, "endbr_seal", "sealed ENDBR", ".ibt_endbr_seal", .entry_size = 4),
	HEAD(CENSUS_CONSTANT, "runtime_constant", "constant written at boot", "runtime_*"),
	HEAD(CENSUS_MCOUNT, "mcount", "ftrace site", "__mcount_loc"),
	ONLY(CENSUS_PATCHABLE, "patchable_entry", "patchable entry", "__patchable_function_entries",
	     .entry_size = 8),
	ONLY(CENSUS_ORC, "orc", "unwinding entry", ".orc_unwind_ip"),
	HEAD(CENSUS_LATE, "late_reference", "refers to what its module keeps to itself", NULL),
	HEAD(CENSUS_NOT_TRACEABLE, "not_traceable", "can't be traced", NULL),
	HEAD(CENSUS_NAME_SHARED, "name_shared", "name is not unique", NULL),
};

G_STATIC_ASSERT(G_N_ELEMENTS(meanings) == CENSUS_MARKS);
G_STATIC_ASSERT(CENSUS_MARKS <= 64);

const struct census_meaning *census_meaning(enum census_mark mark)
{
	return &meanings[mark];
}
