/*
 * What comes along with a function, out of tables as gcc lays them out: its own entries, the
 * replacement code and the strings that they refer to, and nothing of its neighbour.
 */
#include <string.h>

#include "help.h"
#include "link/pieces.h"

#define SERIES 6001

/*
 * Two functions with two alternatives each.  The first of each has an empty replacement, so that it
 * begins where that of the next one does.  The jump into .altinstr_aux is that of static_cpu_has().
 */
static const char source[] = ".macro alternative bytes:vararg\n"
			     "881: nop; nop; nop; nop; nop\n"
			     ".pushsection .altinstr_replacement, \"ax\"\n"
			     "882: \\bytes\n 883:\n"
			     ".popsection\n"
			     ".pushsection .altinstructions, \"a\"\n"
			     ".long 881b - ., 882b - .\n .word 7\n .byte 5, 883b - 882b\n"
			     ".popsection\n"
			     ".endm\n"
			     ".macro function name, first, string\n"
			     ".section .rodata.\\name\\().str1.1, \"aMS\", @progbits, 1\n"
			     "77: .string \"\\string\"\n"
			     ".section .text.\\name, \"ax\"\n"
			     ".type \\name, @function\n"
			     "\\name: call __fentry__\n"
			     ".pushsection __mcount_loc, \"a\"\n .quad \\name\n .popsection\n"
			     "alternative\n"
			     "alternative .byte \\first, 0x90\n"
			     "jmp 6f\n"
			     ".pushsection .altinstr_aux, \"ax\"\n"
			     "6: testb $\\first, capability(%rip)\n jnz 7f\n jmp 7f\n"
			     ".popsection\n"
			     "7: ud2\n"
			     ".pushsection __bug_table, \"aw\"\n"
			     ".long 7b - ., 77b - .\n .word 12, 0\n"
			     ".popsection\n"
			     ".pushsection .discard.reachable\n .long 7b - .\n .popsection\n"
			     "ret\n"
			     ".size \\name, . - \\name\n"
			     ".endm\n"
			     "function other, 0x50, other\n"
			     "function wanted, 0x51, mine\n"
			     ".section .note.GNU-stack, \"\", @progbits\n";

struct fixture {
	char *directory;
	struct object *object;
	struct diff diff;
	struct pieces *pieces;
};

static int collect_wanted(void **state)
{
	struct fixture *fixture = g_new0(struct fixture, 1);

	if (make_directory((void **)&fixture->directory))
		return -1;
	g_autofree char *path = compile(fixture->directory, "pieces.S", source, NULL);
	fixture->object = object_read(path, NULL);
	fixture->diff.sections = g_hash_table_new(NULL, NULL);
	g_hash_table_add(fixture->diff.sections, object_section(fixture->object, ".text.wanted"));
	fixture->pieces = pieces_collect(fixture->object, &fixture->diff, SERIES);
	*state = fixture;
	return 0;
}

static int free_fixture(void **state)
{
	struct fixture *fixture = *state;
	void *directory = fixture->directory;

	pieces_free(fixture->pieces);
	g_hash_table_unref(fixture->diff.sections);
	object_free(fixture->object);
	g_free(fixture);
	return remove_directory(&directory);
}

static const GPtrArray *pieces_in(const struct fixture *fixture, const char *section)
{
	return pieces_of(fixture->pieces, object_section(fixture->object, section));
}

static const struct piece *only_piece(const struct fixture *fixture, const char *section)
{
	const GPtrArray *list = pieces_in(fixture, section);

	assert_non_null(list);
	assert_int_equal(list->len, 1);
	return g_ptr_array_index(list, 0);
}

static void test_whole_sections(void **state)
{
	assert_true(only_piece(*state, ".text.wanted")->whole);
	assert_true(only_piece(*state, ".rodata.wanted.str1.1")->whole);
	assert_null(pieces_in(*state, ".text.other"));
	assert_null(pieces_in(*state, ".rodata.other.str1.1"));
}

/* other() came first in each table. */
static void test_entries(void **state)
{
	static const struct {
		const char *table;
		guint64 start, end;
	} entries[] = {
		{"__mcount_loc", 8, 16},
		{"__bug_table", 12, 24},
		{".discard.reachable", 4, 8},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(entries); i++) {
		const struct piece *piece = only_piece(*state, entries[i].table);

		assert_int_equal(piece->start, entries[i].start);
		assert_int_equal(piece->end, entries[i].end);
	}
}

static void test_replacement_code(void **state)
{
	const struct fixture *fixture = *state;
	const GPtrArray *entries = pieces_in(fixture, ".altinstructions");
	const struct section *code = object_section(fixture->object, ".altinstr_replacement");
	const struct piece *piece = pieces_at(fixture->pieces, code, 2);

	assert_int_equal(entries->len, 2);
	/* the empty one lies at the same offset, and must not stand for it */
	assert_non_null(piece);
	assert_int_equal(piece->start, 2);
	assert_int_equal(piece->end, 4);
	assert_int_equal(code->data[piece->start], 0x51);
	assert_null(pieces_at(fixture->pieces, code, 0));
}

/* Nothing says how long it is but where the next one begins. */
static void test_auxiliary_code(void **state)
{
	const struct fixture *fixture = *state;
	const struct section *code = object_section(fixture->object, ".altinstr_aux");
	const struct piece *piece = only_piece(fixture, ".altinstr_aux");

	assert_int_equal(piece->start, code->size / 2);
	assert_int_equal(piece->end, code->size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_sections),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_replacement_code),
		cmocka_unit_test(test_auxiliary_code),
	};

	return cmocka_run_group_tests_name("link: pieces", tests, collect_wanted, free_fixture);
}
