/*
 * Thunks, tried where they can be: the rewritten functions are linked into a program and run.
 */
#include <string.h>

#include "base/error.h"
#include "help.h"
#include "link/thunk.h"
#include "link/x86.h"

#define SERIES 6001

/*
 * What a jump label of 6.1 is before objtool: a jump, and an entry.  `late` stands for a key of a
 * module; `own` for one that stays a jump label.  The label of cold_branch() is in another section.
 */
static const char jump_labels[] =
	"#define BRANCH(jump, key, flags, label) \\\n"
	"	asm goto(\"1: \" jump \" %l[\" #label \"]\\n\" \\\n"
	"		 \".pushsection __jump_table, \\\"aw\\\"\\n .balign 8\\n\" \\\n"
	"		 \".long 1b - ., %l[\" #label \"] - .\\n\" \\\n"
	"		 \".quad \" #key \" + \" #flags \" - .\\n .popsection\" \\\n"
	"		 : : : \"cc\" : label)\n"
	"void __attribute__((cold)) note(int);\n"
	"int plain(int x)\n"
	"{ BRANCH(\"jmp.d32\", late + 8, 2, yes); return x; yes: return x + 100; }\n"
	"int kept(int x)\n"
	"{ BRANCH(\"jmp.d32\", own, 2, yes); return x; yes: return x + 100; }\n"
	"int inverted(int x)\n"
	"{ BRANCH(\"jmp.d32\", late + 8, 3, yes); return x; yes: return x + 100; }\n"
	"int cold_branch(int x)\n"
	"{ BRANCH(\"jmp.d32\", late + 8, 2, yes); return x; yes: note(x); return x + 100; }\n"
	"int kept_too(int x)\n"
	"{ BRANCH(\"jmp.d32\", own, 3, yes); return x; yes: return x + 100; }\n"
	"#ifdef SHORT\n"
	"int too_short(int x)\n"
	"{ BRANCH(\".byte 0xeb, 0x01, 0x90 #\", late, 2, yes); return x; yes: return x + 1; }\n"
	"#endif\n";

static const char caller[] =
	"#include <stdio.h>\n"
	"int late[4], own;\n"
	"int plain(int), kept(int), inverted(int), cold_branch(int);\n"
	"void note(int x) { printf(\"(%d) \", x); }\n"
	"static void show(void)\n"
	"{ printf(\"%d %d \", plain(1), inverted(2)); printf(\"%d\\n\", cold_branch(3)); }\n"
	"int main(void) { show(); late[2] = 1; show(); late[2] = -1; show(); late[2] = 0; show(); "
	"}\n";

/* An assembly as assemble_unit() would give it, from what gcc compiled. */
static struct assembly *assembly_of(const char *path, const char *late)
{
	g_autoptr(GError) error = NULL;
	struct assembly *assembly = g_new0(struct assembly, 1);

	assembly->object = object_read(path, &error);
	assert_no_error(error);
	assembly->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_insert(assembly->names, g_strdup(late),
			    g_strdup_printf(".klp.sym.target.%s,0", late));
	return assembly;
}

static void test_jump_labels_follow_the_key(void **state)
{
	g_autofree char *path = compile(*state, "labels.c", jump_labels, "-O2", "-fno-pic",
					"-ffunction-sections", "-fcf-protection=none", NULL);
	g_autofree char *caller_path = compile(*state, "caller.c", caller, "-O1", NULL);
	AUTO(assembly) assembly = assembly_of(path, "late");
	g_autoptr(GError) error = NULL;

	thunk_jump_labels(assembly, SERIES, &error);
	assert_no_error(error);
	object_write(assembly->object, path, &error);
	assert_no_error(error);
	g_free(output_of(*state, "gcc", "-no-pie", "-o", "program", "labels.o", "caller.o", NULL));
	g_autofree char *said = output_of(*state, "./program", NULL);
	assert_string_equal(said, "1 102 3\n101 2 (3) 103\n101 2 (3) 103\n1 102 3\n");
}

static guint64 end_of(const struct object *object, const char *name)
{
	const struct symbol *symbol = object_symbol(object, name);

	return symbol->value + symbol->size;
}

static void test_thunks_are_part_of_their_functions(void **state)
{
	g_autofree char *path = compile(*state, "labels.c", jump_labels, "-O2", "-fno-pic",
					"-ffunction-sections", "-fcf-protection=none", NULL);
	AUTO(assembly) assembly = assembly_of(path, "late");
	AUTO(object) before = object_read(path, NULL);
	const struct object *after = assembly->object;
	const struct section *table = object_section(after, "__jump_table");

	assert_true(thunk_jump_labels(assembly, SERIES, NULL));
	assert_int_equal(end_of(after, "plain"), end_of(before, "plain") + 18);
	assert_int_equal(end_of(after, "plain"), object_section(after, ".text.plain")->size);
	assert_int_equal(end_of(after, "kept"), end_of(before, "kept"));
	/* the entries of kept() and kept_too(), one behind the other, and no relocation more */
	assert_int_equal(table->size, 32);
	assert_int_equal(table->relocs->len, 6);
	assert_ptr_equal(section_reloc_at(table, 0)->symbol->section,
			 object_section(after, ".text.kept"));
	assert_ptr_equal(section_reloc_at(table, 16)->symbol->section,
			 object_section(after, ".text.kept_too"));
	assert_string_equal(section_reloc_at(table, 24)->symbol->name, "own");
	assert_int_equal(section_reloc_at(table, 24)->addend, 3);
}

static void test_short_site_is_refused(void **state)
{
	g_autofree char *path =
		compile(*state, "labels.c", jump_labels, "-O2", "-fno-pic", "-DSHORT",
			"-ffunction-sections", "-fcf-protection=none", NULL);
	AUTO(assembly) assembly = assembly_of(path, "late");
	g_autoptr(GError) error = NULL;

	assert_false(thunk_jump_labels(assembly, SERIES, &error));
	assert_error(&error, KLATCH_REFUSED, "too_short+0x");
}

/* Both sides of an alternative; the program runs the original, then the replacement in its place.
 */
static const char alternatives[] = ".section .text.twice, \"ax\"\n"
				   ".globl twice\n .type twice, @function\n"
				   "twice: push %rbx\n"
				   "1: call helper\n"
				   "mov %eax, %ebx\n"
				   "jmp 3f\n"
				   ".pushsection .altinstr_replacement, \"ax\"\n"
				   "2: call helper\n"
				   ".popsection\n"
				   ".pushsection .altinstructions, \"a\"\n"
				   ".long 1b - ., 2b - .\n .word 7\n .byte 5, 5\n"
				   ".popsection\n"
				   ".pushsection .text.through, \"ax\"\n"
				   ".globl through\n .type through, @function\n"
				   "through: push %rbx\n mov %edi, %edi\n jmp 2b\n"
				   ".size through, . - through\n"
				   ".popsection\n"
				   "3: mov %ebx, %eax\n"
				   "pop %rbx\n"
				   "ret\n"
				   ".size twice, . - twice\n"
				   "#ifdef MEMORY\n"
				   ".section .text.reads, \"ax\"\n"
				   ".type reads, @function\n"
				   "reads: nop; nop; nop; nop; nop; nop; nop\n"
				   ".pushsection .altinstr_replacement, \"ax\"\n"
				   "5: mov helper(%rip), %rax\n"
				   ".popsection\n"
				   ".pushsection .altinstructions, \"a\"\n"
				   ".long reads - ., 5b - .\n .word 7\n .byte 7, 7\n"
				   ".popsection\n"
				   ".size reads, . - reads\n"
				   "#endif\n"
				   ".section .note.GNU-stack, \"\", @progbits\n";

static void test_alternatives_call_through_one_thunk(void **state)
{
	g_autofree char *path = compile(*state, "alternatives.S", alternatives, NULL);
	AUTO(assembly) assembly = assembly_of(path, "helper");
	g_autoptr(GError) error = NULL;

	thunk_alternatives(assembly, SERIES, &error);
	assert_no_error(error);

	const struct object *object = assembly->object;
	const struct section *text = object_section(object, ".text.twice");
	const struct section *replacement = object_section(object, ".altinstr_replacement");
	const struct symbol *thunk = object_symbol(object, "klatch_to_helper");
	assert_ptr_equal(section_reloc_at(text, 2)->symbol, thunk);
	assert_ptr_equal(section_reloc_at(replacement, 1)->symbol, thunk);

	object_write(assembly->object, path, &error);
	assert_no_error(error);
	g_free(compile(*state, "caller.c",
		       "#include <stdio.h>\n"
		       "int twice(int);\n"
		       "int helper(int x) { return 2 * x; }\n"
		       "int main(void) { printf(\"%d\\n\", twice(21)); }\n",
		       NULL));
	g_free(output_of(*state, "gcc", "-no-pie", "-o", "program", "alternatives.o", "caller.o",
			 NULL));
	g_autofree char *said = output_of(*state, "./program", NULL);
	assert_string_equal(said, "42\n");
}

static void test_memory_operand_is_refused(void **state)
{
	g_autofree char *path = compile(*state, "alternatives.S", alternatives, "-DMEMORY", NULL);
	AUTO(assembly) assembly = assembly_of(path, "helper");
	g_autoptr(GError) error = NULL;

	assert_false(thunk_alternatives(assembly, SERIES, &error));
	assert_error(&error, KLATCH_REFUSED, ".klp.sym.target.helper,0 other than by calling it");
}

/* What objtool lists with call depth tracking. */
static const char calls[] = ".text\n .globl twice\n"
			    "twice: push %rbx\n"
			    "1: call other\n"
			    "2: call helper\n"
			    "3: call other\n"
			    "pop %rbx\n ret\n"
			    ".section .call_sites, \"a\"\n"
			    ".long 1b - ., 2b - ., 3b - .\n"
			    ".section .note.GNU-stack, \"\", @progbits\n";

static void test_late_calls_are_no_call_sites(void **state)
{
	g_autofree char *path = compile(*state, "calls.S", calls, NULL);
	AUTO(assembly) assembly = assembly_of(path, "helper");
	struct section *table = object_section(assembly->object, ".call_sites");

	thunk_call_sites(assembly, assembly->object, 6012);
	assert_int_equal(table->size, 8);
	assert_int_equal(table->relocs->len, 2);
	assert_int_equal(x86_code_target(table, section_reloc_at(table, 0)), 1);
	assert_int_equal(x86_code_target(table, section_reloc_at(table, 4)), 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jump_labels_follow_the_key),
		cmocka_unit_test(test_thunks_are_part_of_their_functions),
		cmocka_unit_test(test_short_site_is_refused),
		cmocka_unit_test(test_alternatives_call_through_one_thunk),
		cmocka_unit_test(test_memory_operand_is_refused),
		cmocka_unit_test(test_late_calls_are_no_call_sites),
	};

	return cmocka_run_group_tests_name("link: thunks", tests, make_directory, remove_directory);
}
