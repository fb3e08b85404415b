/*
 * What the kernel may keep of a livepatch: sources with what is found in each.
 */
#include "help.h"
#include "link/kept.h"
#include "link/tables.h"

#define SERIES 6001

/* What is outside: the kernel's, or replaced and so the original. */
#define OUTSIDE                                                                                    \
	"void give(const void *p); void say(const char *s, ...); void original(void);\n"           \
	"struct keeper { const void *p; };\n"                                                      \
	"struct ops { void (*one)(void); void (*two)(void); };\n"                                  \
	"#define NOINLINE __attribute__((noinline, noclone, used))\n"

static struct object *compiled(const char *directory, const char *source)
{
	g_autofree char *text = g_strconcat(OUTSIDE, source, NULL);
	g_autofree char *path =
		compile(directory, "unit.c", text, "-O2", "-fno-pic", "-mcmodel=kernel",
			"-ffunction-sections", "-fdata-sections", "-fcf-protection=none", "-pg",
			"-mfentry", "-fno-asynchronous-unwind-tables", NULL);
	g_autoptr(GError) error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	return object;
}

static void assert_found(const struct object *object, const char *expected)
{
	g_autoptr(GPtrArray) kept = kept_find(object, SERIES);
	g_autoptr(GString) names = g_string_new(NULL);

	for (guint i = 0; i < kept->len; i++)
		g_string_append_printf(names, "%s%s", i ? " " : "", (char *)kept->pdata[i]);
	assert_string_equal(names->str, expected);
}

static void assert_kept(void **state, const char *source, const char *expected)
{
	AUTO(object) object = compiled(*state, source);

	assert_found(object, expected);
}

static void functions_whose_address_is_taken(void **state)
{
	assert_kept(state,
		    "static NOINLINE void callback(void) { original(); }\n"
		    "void f(void) { give(callback); }\n",
		    "callback");
	assert_kept(state,
		    "static NOINLINE void callback(void) { original(); }\n"
		    "void f(struct keeper *k) { k->p = callback; }\n",
		    "callback");
	assert_kept(state,
		    "static NOINLINE void again(void) { give(again); }\n"
		    "void f(void) { again(); }\n",
		    "again");
}

static void functions_that_are_only_called(void **state)
{
	assert_kept(
		state,
		"static NOINLINE void direct(int i) { if (i) original(); else direct(i + 1); }\n"
		"void f(int i) { original(); direct(i); direct(i + 2); }\n"
		"void tail(int i) { direct(i); }\n"
		"void may(int i) { if (i) direct(i); }\n",
		"");
	assert_kept(state, "void f(void) { give(original); }\n", "");
}

static void labels(void **state)
{
	assert_kept(state,
		    "int f(int i) { switch (i) { case 0: say(\"a\"); return 4; case 1: give(0);\n"
		    "return 9; case 2: original(); return 2; case 3: say(\"d\"); return 7;\n"
		    "case 4: say(\"e\"); return 1; case 5: say(\"f\"); return 12; } return 0; }\n",
		    "");
	assert_kept(state, "void f(void) { original(); here: give(&&here); original(); }\n", "");
}

static void tables_of_functions(void **state)
{
	assert_kept(state,
		    "static const struct ops ops = {.one = original};\n"
		    "void f(struct keeper *k) { k->p = &ops; }\n",
		    "ops");
	assert_kept(state,
		    "static void mine(void) { say(\"mine\"); }\n"
		    "static struct ops ops = {.two = mine};\n"
		    "void f(void) { give(&ops); }\n",
		    "mine ops");
	/* by way of other data */
	assert_kept(
		state,
		"static const struct ops ops = {.one = original};\n"
		"static const struct { int i; const struct ops *ops; } kinds[2] = {{1, &ops}};\n"
		"void f(void) { give(kinds); }\n",
		"kinds");
	/* what is only read, or compared, is not handed on */
	assert_kept(state,
		    "static const struct ops ops = {.one = original};\n"
		    "int f(struct keeper *k) { return k->p == &ops; }\n",
		    "");
	assert_kept(state,
		    "static void (*const table[])(void) = {original, original};\n"
		    "void f(unsigned i) { table[i & 1](); }\n",
		    "");
}

static void tables_with_late_references(void **state)
{
	AUTO(object)
	object = compiled(*state, "static const struct ops ops = {.one = original};\n"
				  "void f(void) { give(&ops); }\n");
	struct section *data = object_section(object, ".rodata.ops");
	struct section *sites = object_add_section(object, TABLES_SITES "tun", SHT_PROGBITS,
						   SHF_ALLOC, 4, NULL, 12);

	g_array_set_size(data->relocs, 0);
	assert_found(object, "");
	section_add_reloc(sites, 0, R_X86_64_PC32, object_section_symbol(object, data), 0);
	assert_found(object, "ops");
}

static void other_data(void **state)
{
	assert_kept(state,
		    "static const char message[] = \"as netlink has it\";\n"
		    "void f(struct keeper *k) { k->p = message; }\n",
		    "");
	assert_kept(state,
		    "static struct { long lock, count; } counter;\n"
		    "void f(struct keeper *k) { counter.count++; give(&counter); }\n",
		    "");
	assert_kept(state,
		    "static struct keeper list = {&list};\n"
		    "void f(struct keeper *k) { k->p = &list; }\n",
		    "list");
	/* a constant that is lent, and one that is kept */
	assert_kept(state,
		    "static const int lent[] = {1, 2, 0, 3}, kept[] = {4, 0, 0, 5};\n"
		    "void f(struct keeper *k) { give(lent); k->p = kept; }\n",
		    "kept");
}

static void strings(void **state)
{
	assert_kept(state, "void f(struct keeper *k) { k->p = \"text\"; }\n", "string-of-f");
	assert_kept(state,
		    "void f(struct keeper *k) { original();\n"
		    "if (__builtin_expect(!!k->p, 0)) { give(k); k->p = \"text\"; give(k); } }\n",
		    "string-of-f");
	assert_kept(state,
		    "void f(void) { struct keeper on_stack = {\"text\"}; give(&on_stack); }\n"
		    "void g(struct keeper *k) { say(\"%s\", __func__); say(\"text\"); }\n"
		    "int h(struct keeper *k) { return k->p == \"text\"; }\n",
		    "");
	/* those that an interrupt's name is given to keep it, others do not */
	assert_kept(
		state,
		"int request_threaded_irq(int irq, void *f, void *t, long flags, const char *name,"
		" void *p);\n"
		"int f(void *p) { return request_threaded_irq(9, p, p, 0, \"mine\", p); }\n"
		"int g(int n) { say(\"irq %d\", n); return request_threaded_irq(n, 0, 0, 0, 0, 0); "
		"}\n",
		"string-of-f");
}

static void what_only_the_kernel_reads(void **state)
{
	assert_kept(
		state,
		"static NOINLINE void direct(void) { original(); }\n"
		"void f(void) { direct(); }\n"
		"static void *const site __attribute__((used, section(\"__jump_table\"))) =\n"
		"	direct;\n"
		"static void *const func __attribute__((used, section(\".klatch.funcs.tun\"))) =\n"
		"	f;\n",
		"");
}

static void words(void **state)
{
	g_autoptr(GPtrArray) kept = g_ptr_array_new();

	for (int i = 0; i < 7; i++)
		g_ptr_array_add(kept, "one");
	g_autofree char *many = kept_describe("x", kept);
	assert_string_equal(many, "x stays in memory: the kernel may keep one, one, one, one, one "
				  "and 2 more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_whose_address_is_taken),
		cmocka_unit_test(functions_that_are_only_called),
		cmocka_unit_test(labels),
		cmocka_unit_test(tables_of_functions),
		cmocka_unit_test(tables_with_late_references),
		cmocka_unit_test(other_data),
		cmocka_unit_test(strings),
		cmocka_unit_test(what_only_the_kernel_reads),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests_name("link: what is kept", tests, make_directory,
					   remove_directory);
}
