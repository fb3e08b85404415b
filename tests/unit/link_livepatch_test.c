/*
 * The whole room: units that gcc compiles and ld links into a vmlinux and modules of a small kernel
 * of our own, matched and compared as real ones are, and what each reference of a livepatch for
 * them is bound to.  In place of objtool stands a script that only leaves its mark.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "check/check.h"
#include "help.h"
#include "kernel/modules.h"
#include "klatch.h"
#include "link/link.h"

#define RELEASE "6.1.0-0-small"
#define MODULES "image/lib/modules/" RELEASE

/* vmlinux exports one of two functions; "user" is a module that uses one of "exporter". */
static const char core[] = "int exported(int x) { return x; }\n"
			   "int hidden(int x) { return x + 1; }\n"
			   "const char linux_banner[] = \"Linux (gcc, ld) #1 SMP Test\";\n"
			   "void __fentry__(void) {}\n";
static const char symvers[] = "0x1\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t\n"
			      "0x2\texported\tvmlinux\tEXPORT_SYMBOL_GPL\t\n"
			      "0x5\t__fentry__\tvmlinux\tEXPORT_SYMBOL\t\n"
			      "0x3\tneeded\texporter\tEXPORT_SYMBOL_GPL\t\n"
			      "0x4\tunneeded\tstranger\tEXPORT_SYMBOL_GPL\t\n";
static const char stranger[] = ".section __ksymtab_strings, \"a\"\n .asciz \"unneeded\"\n"
			       ".text\n .globl unneeded\n unneeded: ret\n";

/* Another module: what it keeps to itself others may want. */
static const char exporter_source[] =
	"#define NOINLINE __attribute__((noinline, noclone))\n"
	"asm(\".section __ksymtab_strings, \\\"a\\\"\\n.asciz \\\"needed\\\"\\n.text\");\n"
	"KEPT int kept_count = 4;\n"
	"#ifndef CHANGED\n#define CHANGED\n#endif\n"
	"KEPT NOINLINE int kept(int x) { return kept_count += x CHANGED; }\n"
	"NOINLINE int needed(int x) { return kept(x) * NEEDED; }\n";

/* Another unit of the module, linked first: it has static things of the same names. */
static const char neighbour_source[] =
	"#define NOINLINE __attribute__((noinline, noclone))\n"
	"int exported(int);\n"
	"static int counter = 5;\n"
	"KEPT NOINLINE int quiet(int x) { return x * 3; }\n"
	"static NOINLINE int helper(int x) { return counter += exported(x); }\n"
	"static NOINLINE __attribute__((section(\".init.text\"))) int started(int x)\n"
	"{ return x; }\n"
	"NOINLINE int __attribute__((section(\".init.text\"))) start(int x) { return started(x); "
	"}\n"
	"FRESH\n"
	"NOINLINE int neighbourly(int x) { return helper(x) + quiet(x) * NEIGHBOURLY; }\n"
	"NOINLINE int preferred(int x) { return neighbourly(x) * 5; }\n";

static const char unit_source[] =
	"#define NOINLINE __attribute__((noinline, noclone))\n"
	"int exported(int), hidden(int), needed(int), unneeded(int), neighbourly(int);\n"
	"int absent(int), fresh(int), kept(int);\n"
	"extern int kept_count;\n"
	"typedef int function(int);\n"
	"function *taken;\n"
	"static int counter = 9;\n"
	"static NOINLINE int helper(int x) { return counter -= x; }\n"
	"#ifndef STARTED\n#define STARTED 0\n#endif\n"
	"static NOINLINE int started(int x) { return counter *= x + STARTED; }\n"
	"NOINLINE int __attribute__((weak)) preferred(int x) { return counter / x; }\n"
	"NOINLINE int callee(int x) { return x * FACTOR + counter; }\n"
	"NOINLINE int caller(int x)\n"
	"{\n"
	"	taken = callee;\n"
	"	return EXPRESSION;\n"
	"}\n"
	"NOINLINE int starter(int x) { return started(x) + STARTER; }\n";

/* What patches change are macros. */
#define UNIT(expression, factor, starter)                                                          \
	"#define EXPRESSION " expression "\n#define FACTOR " factor "\n#define STARTER " starter   \
	"\n"
#define NEIGHBOUR(fresh, factor)                                                                   \
	"#define FRESH " fresh "\n#define NEIGHBOURLY " factor "\n#define KEPT static\n"
#define EXPORTER(kept, factor) "#define KEPT " kept "\n#define NEEDED " factor "\n"
#define EXPRESSION	       "callee(x)+exported(x)+needed(x)+helper(x)"

static const char unit_macros[] = UNIT(EXPRESSION, "3", "0");
static const char neighbour_macros[] = NEIGHBOUR("", "3");
static const char exporter_macros[] = EXPORTER("static", "3");

static const struct unit units[] = {
	{.output = "unit.o", .source = "unit.c", .object = "user", .objtool = "./objtool"},
	{.output = "neighbour.o",
	 .source = "neighbour.c",
	 .object = "user",
	 .objtool = "./objtool"},
	{.output = "exporter.o",
	 .source = "exporter.c",
	 .object = "exporter",
	 .objtool = "./objtool"},
};

struct small_kernel {
	char *directory; /* where all is compiled, and the kernel's build tree */
	struct kernel kernel;
	struct image *user;	/* the module that is patched */
	struct image *exporter; /* what it depends on */
};

static char *compile_unit(const char *directory, const char *file, const char *macros,
			  const char *source, const char *flag)
{
	g_autofree char *text = g_strconcat(macros, source, NULL);

	return compile(directory, file, text, "-O2", "-mcmodel=kernel", "-fno-pic",
		       "-fno-asynchronous-unwind-tables", "-fcf-protection=none", "-ffreestanding",
		       "-fno-stack-protector", "-pg", "-mfentry", "-mrecord-mcount", flag, NULL);
}

static void make_vmlinux(const char *directory)
{
	g_free(compile(directory, "core.c", core, "-O2", "-mcmodel=kernel", "-fno-pic",
		       "-fno-asynchronous-unwind-tables", "-fcf-protection=none", NULL));
	write_text(directory, "script",
		   "SECTIONS { . = 0xffffffff81000000; .text : { *(.text) } }\n");
	g_free(output_of(directory, "ld", "-T", "script", "-e", "0", "-o", "vmlinux", "core.o",
			 NULL));
	g_autofree char *symbols = output_of(directory, "nm", "-n", "vmlinux", NULL);
	write_text(directory, "kallsyms", symbols);
}

/* A livepatch needs only these of the kernel side. */
static void make_runtime(const char *directory)
{
	g_free(compile(directory, "late.c",
		       "extern const char klatch_livepatch[]; extern void hidden(void);\n"
		       "const char *init_module(void) { hidden(); return klatch_livepatch; }\n",
		       "-O2", "-mcmodel=kernel", "-fno-pic", "-fno-asynchronous-unwind-tables",
		       NULL));
	g_free(compile(directory, "module.S",
		       ".section .modinfo, \"a\"\n .asciz \"livepatch=Y\"\n"
		       ".section .gnu.linkonce.this_module, \"aw\"\n"
		       ".asciz \"" KLATCH_MODULE_NAME "\"\n .quad init_module\n",
		       NULL));
}

static void make_modules(const char *directory)
{
	g_autofree char *image = path_in(directory, "image");
	g_autoptr(GError) error = NULL;

	g_free(compile_unit(directory, "exporter.c", exporter_macros, exporter_source, NULL));
	g_free(compile(directory, "stranger.S", stranger, NULL));
	g_free(compile_unit(directory, "neighbour.c", neighbour_macros, neighbour_source, NULL));
	g_free(compile_unit(directory, "unit.c", unit_macros, unit_source, NULL));
	g_free(output_of(directory, "sh", "-c",
			 "m=" MODULES "; mkdir -p $m/kernel;"
			 "ld -r --build-id=sha1 -o $m/kernel/user.ko neighbour.o unit.o;"
			 "ld -r --build-id=sha1 -o $m/kernel/exporter.ko exporter.o; cp stranger.o "
			 "$m/kernel/stranger.ko;"
			 "touch $m/modules.order $m/modules.builtin",
			 NULL));
	modules_index(image, RELEASE, &error);
	assert_no_error(error);
}

/* Not the real one: it only adds the section that the real one leaves. */
static void make_objtool(const char *directory)
{
	write_text(directory, "objtool",
		   "#!/bin/sh\n"
		   "test \"$1\" = --module || exit 1\n"
		   "exec objcopy --add-section .orc_unwind_ip=script \\\n"
		   "	--set-section-flags .orc_unwind_ip=alloc,readonly \"$2\"\n");
	g_free(output_of(directory, "chmod", "+x", "objtool", NULL));
}

static int make_kernel(void **state)
{
	struct small_kernel *small = g_new0(struct small_kernel, 1);

	if (make_directory((void **)&small->directory))
		return -1;
	make_vmlinux(small->directory);
	make_runtime(small->directory);
	make_modules(small->directory);
	make_objtool(small->directory);
	write_text(small->directory, "Module.symvers", symvers);
	small->kernel = (struct kernel){
		.release = (char *)RELEASE,
		.series = 6001,
		.vmlinux = path_in(small->directory, "vmlinux"),
		.kallsyms = path_in(small->directory, "kallsyms"),
		.symvers = path_in(small->directory, "Module.symvers"),
		.modules = path_in(small->directory, MODULES),
		.build = small->directory,
		.late = small->directory,
	};
	small->user = image_open(&small->kernel, "user", NULL);
	small->exporter = image_open(&small->kernel, "exporter", NULL);
	*state = small;
	return 0;
}

static int free_kernel(void **state)
{
	struct small_kernel *small = *state;
	void *directory = small->directory;

	image_free(small->user);
	image_free(small->exporter);
	g_free(small->kernel.vmlinux);
	g_free(small->kernel.kallsyms);
	g_free(small->kernel.symvers);
	g_free(small->kernel.modules);
	g_free(small);
	return remove_directory(&directory);
}

static struct object *read_sound(const char *path)
{
	g_autoptr(GError) error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	return object;
}

static struct object *compiled(const struct small_kernel *small, const char *file,
			       const char *macros, const char *source, const char *flag)
{
	g_autofree char *path = compile_unit(small->directory, file, macros, source, flag);

	return read_sound(path);
}

/* A unit with the macros of the patch, through all that comes before linking. */
static void prepare(const struct small_kernel *small, struct link_unit *linked,
		    const struct unit *unit, const char *before, const char *after,
		    const char *source)
{
	const char *file = unit->source, *flag = "-ffunction-sections";
	g_autoptr(GError) error = NULL;

	linked->unit = unit;
	linked->image = strcmp(unit->object, "user") ? small->exporter : small->user;
	linked->stock = compiled(small, file, before, source, NULL);
	linked->original = compiled(small, file, before, source, flag);
	linked->patched = compiled(small, file, after, source, flag);
	linked->match = match_unit(linked->image, linked->stock, &error);
	assert_no_error(error);
	linked->diff = diff_objects(linked->original, linked->patched, 6001, FALSE, NULL, &error);
	assert_no_error(error);
	assert_int_equal(linked->diff->refusals->len, 0);
}

static void link_unit_clear(struct link_unit *linked)
{
	diff_free(linked->diff);
	match_free((struct match *)linked->match);
	object_free((struct object *)linked->stock);
	object_free(linked->original);
	object_free(linked->patched);
}

/* Builds a livepatch of a patch that makes the macros of the units these. */
static gboolean build_all(const struct small_kernel *small, const char *unit, const char *neighbour,
			  const char *exporter, const char *output, GError **error)
{
	g_autofree char *path = path_in(small->directory, output);
	struct link_unit linked[3];

	prepare(small, &linked[0], &units[0], unit_macros, unit, unit_source);
	prepare(small, &linked[1], &units[1], neighbour_macros, neighbour, neighbour_source);
	prepare(small, &linked[2], &units[2], exporter_macros, exporter, exporter_source);
	const struct link_options options = {.name = "livepatch_test"};
	gboolean done =
		link_livepatch(&small->kernel, &options, linked, 3, small->directory, path, error);
	for (guint i = 0; i < G_N_ELEMENTS(linked); i++)
		link_unit_clear(&linked[i]);
	return done;
}

static gboolean build(const struct small_kernel *small, const char *unit, const char *output,
		      GError **error)
{
	return build_all(small, unit, neighbour_macros, exporter_macros, output, error);
}

/* What the livepatch refers to by name, sorted: "place: type symbol" a line. */
static char *references(const struct object *livepatch)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	const struct section *sites = object_section(livepatch, ".klatch.sites.user");

	for (gsize at = 0; sites && at < sites->size; at += sizeof(struct klatch_site)) {
		const struct klatch_site *site = (const void *)(sites->data + at);

		g_ptr_array_add(
			lines,
			g_strdup_printf("%s: %s %s\n",
					section_reloc_at(sites, at)->symbol->section->name,
					reloc_name(site->type),
					object_symbol_at(livepatch, site->symbol - 1)->name));
	}
	for (guint i = 0; i < livepatch->sections->len; i++) {
		const struct section *section = object_section_at(livepatch, i);

		if (!strstr(section->name, ".text."))
			continue;
		for (guint j = 0; j < section->relocs->len; j++) {
			const struct reloc *reloc = section_reloc(section, j);
			const struct section *to = reloc->symbol->section;

			g_ptr_array_add(lines,
					g_strdup_printf("%s: %s %s\n", section->name,
							reloc_name(reloc->type),
							to ? to->name : reloc->symbol->name));
		}
	}
	g_ptr_array_sort(lines, (GCompareFunc)g_strcmp0);
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; i < lines->len; i++)
		g_string_append(text, g_ptr_array_index(lines, i));
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static struct object *built_of_all(const struct small_kernel *small, const char *unit,
				   const char *neighbour, const char *exporter)
{
	g_autofree char *path = path_in(small->directory, "built.ko");
	g_autoptr(GError) error = NULL;

	build_all(small, unit, neighbour, exporter, "built.ko", &error);
	assert_no_error(error);
	return read_sound(path);
}

static struct object *built(const struct small_kernel *small, const char *unit,
			    const char *neighbour)
{
	return built_of_all(small, unit, neighbour, exporter_macros);
}

static void must_refer(const struct object *livepatch, const char *line)
{
	g_autofree char *text = references(livepatch);

	if (!strstr(text, line))
		fail_msg("no '%s' in:\n%s", line, text);
}

static void test_every_kind_of_binding(void **state)
{
	AUTO(object)
	livepatch =
		built(*state, UNIT(EXPRESSION "+hidden(x)+neighbourly(x)+preferred(x)", "4", "0"),
		      neighbour_macros);

	/* the kernel side's own, of what vmlinux does not export */
	assert_non_null(object_section(livepatch, ".klp.rela.vmlinux..text"));
	/* what comes along, and what vmlinux exports */
	must_refer(livepatch, ".text.caller: R_X86_64_PLT32 .text.callee\n");
	must_refer(livepatch, ".text.caller: R_X86_64_PLT32 exported\n");
	/* a function's address is that of the original */
	must_refer(livepatch, ".text.caller: R_X86_64_32S .klp.sym.user.callee,0\n");
	/* the neighbour is linked first */
	must_refer(livepatch, ".text.caller: R_X86_64_PC32 .klp.sym.user.helper,2\n");
	must_refer(livepatch, ".text.callee: R_X86_64_PC32 .klp.sym.user.counter,2\n");
	must_refer(livepatch, ".text.caller: R_X86_64_PC32 .klp.sym.user.taken,0\n");
	must_refer(livepatch, ".text.caller: R_X86_64_PLT32 .klp.sym.user.neighbourly,0\n");
	must_refer(livepatch, ".text.caller: R_X86_64_PLT32 .klp.sym.user.preferred,0\n");
	must_refer(livepatch, ".text.caller: R_X86_64_PLT32 .klp.sym.exporter.needed,0\n");
	must_refer(livepatch, ".klp.rela.vmlinux..text.caller: R_X86_64_PLT32 "
			      ".klp.sym.vmlinux.hidden,0\n");
}

static void test_replaced_functions(void **state)
{
	const struct small_kernel *small = *state;
	AUTO(object) livepatch = built(small, UNIT(EXPRESSION, "5", "0"), neighbour_macros);
	g_autofree char *path = path_in(small->directory, "built.ko");
	g_autoptr(GPtrArray) objects = check_objects(path, NULL);

	assert_non_null(object_symbol(livepatch, "callee"));
	assert_null(object_symbol(livepatch, "caller"));
	assert_int_equal(objects->len, 1);
	const struct check_object *user = g_ptr_array_index(objects, 0);
	assert_string_equal(user->name, "user");
	assert_int_equal(user->functions->len, 1);
	assert_string_equal(g_ptr_array_index(user->functions, 0), "callee,1");
}

static void test_same_bytes_again(void **state)
{
	const struct small_kernel *small = *state;

	assert_true(build(small, UNIT(EXPRESSION, "6", "0"), "one.ko", NULL));
	assert_true(build(small, UNIT(EXPRESSION, "6", "0"), "two.ko", NULL));
	g_free(output_of(small->directory, "cmp", "one.ko", "two.ko", NULL));
}

/* A new function that another unit calls; what it calls in its own unit is that unit's. */
static void test_units_call_each_other(void **state)
{
	AUTO(object)
	livepatch = built(*state, UNIT("callee(x)+fresh(x)", "3", "0"),
			  NEIGHBOUR("NOINLINE int fresh(int x) { return helper(x) + 7; }", "3"));

	must_refer(livepatch, ".text.caller: R_X86_64_PLT32 .text.fresh\n");
	must_refer(livepatch, ".text.fresh: R_X86_64_PC32 .klp.sym.user.helper,1\n");
	assert_int_equal(object_symbol(livepatch, "fresh")->binding, STB_LOCAL);
}

/* New data of a unit in which no function changes. */
static void test_a_unit_may_bring_only_data(void **state)
{
	AUTO(object)
	livepatch = built(*state,
			  UNIT("({ extern int fresh_data; fresh_data + callee(x); })", "3", "0"),
			  NEIGHBOUR("int fresh_data = 7;", "3"));

	must_refer(livepatch, ".text.caller: R_X86_64_PC32 .data\n");
}

/* What a patch makes global stays where it is, whether its code changes or not. */
static void test_statics_that_become_global(void **state)
{
	static const char open[] = "#define FRESH\n#define NEIGHBOURLY 3\n#define KEPT\n";
	static const char unit[] =
		UNIT("({ int quiet(int); quiet(x) + kept(x) + kept_count; })", "3", "0");
	AUTO(object) livepatch = built_of_all(*state, unit, open, EXPORTER("", "3"));

	must_refer(livepatch, ".text.caller: R_X86_64_PLT32 .klp.sym.user.quiet,0\n");
	must_refer(livepatch, ".text.caller: R_X86_64_PLT32 .klp.sym.exporter.kept,0\n");
	must_refer(livepatch, ".text.caller: R_X86_64_PC32 .klp.sym.exporter.kept_count,0\n");
	assert_null(object_symbol(livepatch, "kept"));

	AUTO(object)
	changed = built_of_all(*state, unit, open, EXPORTER("", "3") "#define CHANGED + 1\n");

	must_refer(changed, ".text.caller: R_X86_64_PLT32 .klp.sym.exporter.kept,0\n");
	assert_non_null(object_symbol(changed, "kept"));
}

static void must_refuse(const struct small_kernel *small, const char *unit, const char *text)
{
	g_autoptr(GError) error = NULL;

	assert_false(build(small, unit, "refused.ko", &error));
	assert_error(&error, KLATCH_REFUSED, text);
}

/* While the module comes, the kernel also sees the neighbour's __init function of the name. */
static void test_name_that_counts_differently_has_a_neighbour(void **state)
{
	AUTO(object) livepatch = built(*state, UNIT(EXPRESSION, "3", "1"), neighbour_macros);

	must_refer(livepatch, ".text.starter: R_X86_64_PC32 .klp.sym.user.helper,2\n");
}

static void test_replaced_name_that_counts_differently_is_refused(void **state)
{
	must_refuse(*state, UNIT(EXPRESSION, "3", "0") "#define STARTED 1\n",
		    "unit.c: started can't be bound: user has several symbols");
}

static void test_export_of_a_stranger_is_refused(void **state)
{
	must_refuse(*state, UNIT("callee(x)+unneeded(x)", "3", "0"),
		    "unit.c: caller: unneeded can't be bound: it is in stranger, which "
		    "user does not depend on");
}

static void test_unknown_symbol_is_refused(void **state)
{
	must_refuse(*state, UNIT("callee(x)+absent(x)", "3", "0"),
		    "unit.c: caller: absent can't be bound: neither");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_binding),
		cmocka_unit_test(test_replaced_functions),
		cmocka_unit_test(test_same_bytes_again),
		cmocka_unit_test(test_units_call_each_other),
		cmocka_unit_test(test_a_unit_may_bring_only_data),
		cmocka_unit_test(test_statics_that_become_global),
		cmocka_unit_test(test_name_that_counts_differently_has_a_neighbour),
		cmocka_unit_test(test_replaced_name_that_counts_differently_is_refused),
		cmocka_unit_test(test_export_of_a_stranger_is_refused),
		cmocka_unit_test(test_unknown_symbol_is_refused),
	};

	return cmocka_run_group_tests_name("link: livepatches", tests, make_kernel, free_kernel);
}
