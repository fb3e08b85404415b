/*
 * The table of special sections.
 */
#include "elf/object.h"
#include "help.h"
#include "kernel/special.h"

static void check_row(const char *name, guint series, enum special_policy policy, guint size)
{
	const struct special *special = special_find(name, series);

	assert_non_null(special);
	assert_int_equal(special->policy, policy);
	assert_int_equal(special->entry_size, size);
	assert_false(special_is_ordinary(name));
}

static void test_rows_by_series(void **state)
{
	check_row(".altinstructions", 6001, SPECIAL_COPY, 12);
	check_row(".altinstructions", 6012, SPECIAL_COPY, 14);
	check_row("__bug_table", 5010, SPECIAL_COPY, 12);
	check_row("__bug_table", 6012, SPECIAL_COPY, 12);
	check_row("__bug_table", 7002, SPECIAL_COPY, 16);
	check_row(".discard.noendbr", 6001, SPECIAL_HINT, 8);
	check_row(".discard.noendbr", 6012, SPECIAL_HINT, 4);
	check_row("__jump_table", 5010, SPECIAL_COPY, 16);
	check_row(".orc_unwind", 7002, SPECIAL_OBJTOOL, 6);
	check_row(".altinstr_replacement", 6001, SPECIAL_CODE, 0);
}

static void test_line_numbers_do_not_matter(void **state)
{
	assert_int_equal(special_find("__bug_table", 6001)->ignored_offset, 8);
	assert_int_equal(special_find("__bug_table", 7002)->ignored_offset, 12);
	assert_int_equal(special_find("__bug_table", 6001)->ignored_size, 2);
	assert_int_equal(special_find("__ex_table", 6001)->ignored_size, 0);
}

static void test_prefixes(void **state)
{
	check_row("___ksymtab_gpl+tun_get_socket", 6001, SPECIAL_IGNORE, 0);
	check_row(".initcall6.init", 6001, SPECIAL_IGNORE, 0);
	assert_true(special_find(".initcall6.init", 6001)->registers);
	assert_false(special_find(".modinfo", 6001)->registers);
	assert_null(special_find("__bug_table_of_mine", 6001));
	assert_true(special_find("runtime_ptr_USER_PTR_MAX", 6012)->at_boot);
	assert_null(special_find("runtime_ptr_USER_PTR_MAX", 6001));
}

static void test_ordinary(void **state)
{
	static const char *const ordinary[] = {".text",
					       "__dl_sched_class",
					       ".text.unlikely",
					       ".text.copy_process",
					       ".data",
					       ".data..read_mostly",
					       ".data..percpu..shared_aligned",
					       ".rodata.str1.1",
					       ".rodata..c_jump_table",
					       ".bss..page_aligned",
					       ".init.text",
					       ".noinstr.text",
					       ".softirqentry.text",
					       ".static_call.text",
					       "__tracepoints",
					       "__dyndbg",
					       ".data.once",
					       ".init.data.__setup_str_x"};

	for (gsize i = 0; i < G_N_ELEMENTS(ordinary); i++) {
		assert_true(special_is_ordinary(ordinary[i]));
		assert_null(special_find(ordinary[i], 6001));
	}
}

static void test_unknown(void **state)
{
	static const char *const unknown[] = {"runtime_ptr_dentry_hashtable", ".discard.new_kind",
					      ".kcfi_traps", ".textual", ".init_array"};

	for (gsize i = 0; i < G_N_ELEMENTS(unknown); i++) {
		assert_false(special_is_ordinary(unknown[i]));
		assert_null(special_find(unknown[i], 6001));
	}
}

/* Every section that gcc itself makes is known. */
static void test_compiled_object_is_known(void **state)
{
	g_autofree char *path = compile(
		*state, "unit.c",
		"static int calls; int zero;\n"
		"const char *const names[] = {\"a\", \"b\"};\n"
		"__attribute__((cold)) void rare(void) { calls--; }\n"
		"double half(double x) { calls++; if (x < 0) rare(); return x * 0.5; }\n",
		"-O2", "-ffunction-sections", "-fdata-sections", "-mcmodel=kernel", "-fno-pic",
		"-fno-asynchronous-unwind-tables", "-pg", "-mfentry", "-mrecord-mcount", NULL);
	AUTO(object) object = object_read(path, NULL);

	assert_non_null(object_section(object, "__mcount_loc"));
	for (guint i = 0; i < object->sections->len; i++) {
		const char *name = object_section_at(object, i)->name;

		if (!special_is_ordinary(name) && !special_find(name, 6001))
			fail_msg("%s is not known", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_by_series),
		cmocka_unit_test(test_line_numbers_do_not_matter),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_ordinary),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_compiled_object_is_known),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
