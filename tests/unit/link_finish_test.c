/*
 * The tables and the last step: what the kernel, modinfo and the reader of livepatches (src/check)
 * see of a module.
 */
#include <string.h>

#include "base/error.h"
#include "check/check.h"
#include "check/tables.h"
#include "elf/seal.h"
#include "help.h"
#include "klatch.h"
#include "link/finish.h"
#include "link/tables.h"

#define SERIES 6001

static const char symvers[] = "0x11111111\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t\n"
			      "0x22222222\texported\tvmlinux\tEXPORT_SYMBOL_GPL\tSPACE\n"
			      "0x33333333\tof_module\tother\tEXPORT_SYMBOL\t\n";

/* Code with one reference of each kind, and what the kernel side has in it. */
static const char source[] = ".section .text.replacement, \"ax\"\n"
			     ".type replacement, @function\n"
			     "replacement: call exported\n"
			     "call \".klp.sym.vmlinux.hidden,2\"\n"
			     "call \".klp.sym.target.helper,0\"\n"
			     "mov \".klp.sym.target.data,3\"+8(%rip), %eax\n"
			     "call \".klp.sym.target.helper,0\"\n"
			     "ret\n"
			     ".size replacement, . - replacement\n"
			     ".section .modinfo, \"a\"\n"
			     ".asciz \"livepatch=Y\"\n"
			     ".section .gnu.linkonce.this_module, \"aw\"\n"
			     ".quad 1\n"
			     ".asciz \"" KLATCH_MODULE_NAME "\"\n"
			     ".section .note.GNU-stack, \"\", @progbits\n";

static struct object *compiled(const char *directory, const char *text)
{
	g_autofree char *path = compile(directory, "finish.S", text, NULL);
	g_autoptr(GError) error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	return object;
}

/* What images say of a kernel and of a target. */
static const char vmlinux_source[] = ".section .rodata, \"a\"\n"
				     "linux_banner: .asciz \"Linux (gcc (1), ld) #1 SMP Test\"\n";
static const char target_source[] = ".section .note.gnu.build-id, \"a\", @note\n"
				    ".long 4, 4, 3\n .asciz \"GNU\"\n .long 0x12345678\n";

static void add_image(const char *directory, GHashTable *images, const char *name, const char *text)
{
	struct image *image = image_of_module(compiled(directory, text), name, SERIES, NULL);

	assert_non_null(image);
	g_hash_table_insert(images, g_strdup(name), image);
}

static GHashTable *make_images(const char *directory)
{
	GHashTable *images =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)image_free);

	add_image(directory, images, "vmlinux", vmlinux_source);
	add_image(directory, images, "target", target_source);
	return images;
}

static struct exports *read_exports(const char *directory)
{
	g_autofree char *path = path_in(directory, "Module.symvers");
	g_autoptr(GError) error = NULL;

	write_text(directory, "Module.symvers", symvers);
	struct exports *exports = exports_read(path, &error);
	assert_no_error(error);
	return exports;
}

/* Through all steps, written and read again. */
static struct object *finished_with(const char *directory, enum klatch_policy policy)
{
	g_autoptr(GHashTable) images = make_images(directory);
	struct scope scope = {.images = images};
	const struct link_options options = {
		.name = "the_name",
		.policy = policy,
		.refuse_mismatch = TRUE,
	};
	AUTO(object) object = compiled(directory, source);
	AUTO(exports) exports = read_exports(directory);
	g_autofree char *path = path_in(directory, "finished.ko");
	struct section *text = object_section(object, ".text.replacement");
	struct location late = {.object = "target", .name = "late_function"};
	struct location early = {.object = "vmlinux", .name = "early_function", .position = 2};
	g_autoptr(GError) error = NULL;

	tables_add_function(object, &late, text, 0);
	tables_add_function(object, &early, text, 5);
	assert_true(tables_take_sites(object, "target", SERIES, policy, NULL));
	assert_true(tables_add_livepatch(object, &scope, &options, TRUE, NULL));
	finish_module(object, &options, exports, &error);
	assert_no_error(error);
	finish_livepatch(object);
	tables_number_sites(object, policy);
	seal_write(object, path, &error);
	assert_no_error(error);

	struct object *again = object_read(path, &error);
	assert_no_error(error);
	return again;
}

static struct object *finished(const char *directory)
{
	return finished_with(directory, KLATCH_REBIND);
}

static void test_what_it_is_for_reads_back(void **state)
{
	AUTO(object) object = finished_with(*state, KLATCH_PIN);
	AUTO(tables) tables = tables_read(object, NULL);
	const struct table_object *vmlinux = g_ptr_array_index(tables->objects, 0);
	const struct table_object *target = g_ptr_array_index(tables->objects, 1);

	assert_string_equal(tables->kernel, "#1 SMP Test");
	assert_int_equal(tables->policy, KLATCH_PIN);
	assert_true(tables->stays);
	assert_false(tables->replace);
	assert_null(vmlinux->note);
	assert_int_equal(target->note_size, 20);
	assert_memory_equal(target->note, "\4\0\0\0\4\0\0\0\3\0\0\0GNU\0\x78\x56\x34\x12", 20);
}

static void test_no_build_id_is_refused(void **state)
{
	g_autoptr(GHashTable) images = make_images(*state);
	struct scope scope = {.images = images};
	const struct link_options options = {.name = "the_name"};
	AUTO(object) object = compiled(*state, source);
	struct location late = {.object = "target", .name = "late_function"};
	GError *error = NULL;

	add_image(*state, images, "target", ".text\n");
	tables_add_function(object, &late, object_section(object, ".text.replacement"), 0);
	assert_false(tables_add_livepatch(object, &scope, &options, FALSE, &error));
	assert_error(&error, KLATCH_REFUSED, "no build ID");
}

static void test_objects_read_back(void **state)
{
	AUTO(object) object = finished(*state);
	g_autofree char *path = path_in(*state, "finished.ko");
	g_autoptr(GPtrArray) objects = check_objects(path, NULL);

	assert_non_null(objects);
	assert_int_equal(objects->len, 2);
	const struct check_object *vmlinux = g_ptr_array_index(objects, 0);
	const struct check_object *target = g_ptr_array_index(objects, 1);
	assert_string_equal(vmlinux->name, "vmlinux");
	assert_string_equal(g_ptr_array_index(vmlinux->functions, 0), "early_function,2");
	assert_string_equal(target->name, "target");
	assert_string_equal(g_ptr_array_index(target->functions, 0), "late_function,1");
}

/* The place of a site, what it leads to, and that the kernel will find nothing there. */
static void check_site(const struct object *object, guint index, guint64 offset, guint32 type,
		       const char *name, gint64 addend)
{
	const struct section *sites = object_section(object, ".klatch.sites.target");
	const struct section *text = object_section(object, ".text.replacement");
	const struct klatch_site *site = &((const struct klatch_site *)sites->data)[index];
	const struct reloc *place = section_reloc_at(sites, index * sizeof(*site));

	assert_ptr_equal(place->symbol->section, text);
	assert_int_equal(place->addend, offset);
	assert_int_equal(site->type, type);
	assert_int_equal(site->addend, addend);
	assert_string_equal(object_symbol_at(object, site->symbol - 1)->name, name);
	assert_memory_equal(text->data + offset, "\0\0\0\0", 4);
	assert_null(section_reloc_at(text, offset));
}

static void test_late_references_are_sites(void **state)
{
	AUTO(object) object = finished(*state);
	const struct section *sites = object_section(object, ".klatch.sites.target");
	const struct section *resolving =
		object_section(object, ".klp.rela.target..klatch.sites.target");

	assert_int_equal(sites->size, 3 * sizeof(struct klatch_site));
	assert_int_equal(sites->relocs->len, 3);
	check_site(object, 0, 11, R_X86_64_PLT32, ".klp.sym.target.helper,0", -4);
	check_site(object, 1, 17, R_X86_64_PC32, ".klp.sym.target.data,3", 4);
	check_site(object, 2, 22, R_X86_64_PLT32, ".klp.sym.target.helper,0", -4);

	/* each symbol once, and such that the kernel writes nothing */
	assert_int_equal(resolving->relocs->len, 2);
	for (guint i = 0; i < resolving->relocs->len; i++) {
		assert_int_equal(section_reloc(resolving, i)->type, R_X86_64_NONE);
		assert_int_equal(section_reloc(resolving, i)->symbol->special, SHN_LIVEPATCH);
	}
	assert_ptr_equal(resolving->relocates, sites);
	assert_int_equal(resolving->flags & (SHF_ALLOC | SHF_RELA_LIVEPATCH),
			 SHF_ALLOC | SHF_RELA_LIVEPATCH);
}

/* Policy clear: the kernel writes, and the tables say what is to be cleared. */
static void test_late_references_as_the_kernel_has_them(void **state)
{
	AUTO(object) object = finished_with(*state, KLATCH_CLEAR);
	const struct section *klp = object_section(object, ".klp.rela.target..text.replacement");
	const struct section *sites = object_section(object, ".klatch.sites.target");

	assert_int_equal(klp->relocs->len, 3);
	assert_string_equal(klp->relocates->name, ".text.replacement");
	assert_int_equal(section_reloc(klp, 1)->offset, 17);
	assert_int_equal(section_reloc(klp, 1)->type, R_X86_64_PC32);
	assert_int_equal(section_reloc(klp, 1)->addend, 4);
	assert_string_equal(section_reloc(klp, 1)->symbol->name, ".klp.sym.target.data,3");
	assert_int_equal(sites->size, 3 * sizeof(struct klatch_site));
	assert_null(object_section(object, ".klp.rela.target..klatch.sites.target"));

	AUTO(object) plain = finished_with(*state, KLATCH_KERNEL);
	assert_null(object_section(plain, ".klatch.sites.target"));
	assert_int_equal(object_section(plain, ".klp.rela.target..text.replacement")->relocs->len,
			 3);
}

static void test_vmlinux_references_are_klp_relocations(void **state)
{
	AUTO(object) object = finished(*state);
	const struct section *text = object_section(object, ".text.replacement");
	const struct section *klp = object_section(object, ".klp.rela.vmlinux..text.replacement");

	assert_int_equal(klp->relocs->len, 1);
	assert_ptr_equal(klp->relocates, text);
	assert_int_equal(section_reloc(klp, 0)->offset, 6);
	assert_int_equal(section_reloc(klp, 0)->type, R_X86_64_PLT32);
	assert_string_equal(section_reloc(klp, 0)->symbol->name, ".klp.sym.vmlinux.hidden,2");
	assert_int_equal(section_reloc(klp, 0)->symbol->special, SHN_LIVEPATCH);
	assert_int_equal(text->relocs->len, 1);
	assert_string_equal(section_reloc(text, 0)->symbol->name, "exported");
}

static void test_module_information(void **state)
{
	AUTO(object) object = finished(*state);
	const struct section *versions = object_section(object, "__versions");
	g_autofree char *said = output_of(*state, "/sbin/modinfo", "./finished.ko", NULL);
	guint64 crc;

	assert_non_null(strstr(said, "name:           the_name\n"));
	assert_non_null(strstr(said, "depends:        \n"));
	assert_non_null(strstr(said, "import_ns:      SPACE\n"));
	assert_int_equal(versions->size, 2 * 64);
	memcpy(&crc, versions->data, sizeof(crc));
	assert_int_equal(crc, 0x11111111);
	assert_string_equal((char *)versions->data + 8, "module_layout");
	memcpy(&crc, versions->data + 64, sizeof(crc));
	assert_int_equal(crc, 0x22222222);
	assert_string_equal((char *)versions->data + 64 + 8, "exported");

	const struct section *this_module = object_section(object, ".gnu.linkonce.this_module");
	assert_string_equal((char *)this_module->data + 8, "the_name");
}

static void test_late_reference_in_a_table_is_refused(void **state)
{
	AUTO(object)
	object = compiled(*state, ".section __ex_table, \"a\"\n"
				  ".long \".klp.sym.target.x,0\" - ., 0, 0\n");
	g_autoptr(GError) error = NULL;

	assert_false(tables_take_sites(object, "target", SERIES, KLATCH_REBIND, &error));
	assert_error(&error, KLATCH_REFUSED, ".klp.sym.target.x,0 is in __ex_table");
}

/* For modinfo as fields, for the running kernel as a note. */
static void test_cves_are_named(void **state)
{
	static const char note[] = "\x07\0\0\0\x1d\0\0\0\x01\0\0\0klatch\0\0"
				   "CVE-2024-1234 CVE-2025-12345\0\0\0";
	const char *const cves[] = {"CVE-2024-1234", "CVE-2025-12345", NULL};
	AUTO(object)
	object = compiled(*state, ".section .modinfo, \"a\"\n"
				  ".section .gnu.linkonce.this_module, \"aw\"\n"
				  ".asciz \"" KLATCH_MODULE_NAME "\"\n .zero 64\n"
				  ".text\n ret\n");
	AUTO(exports) exports = read_exports(*state);
	const struct link_options options = {.name = "name", .cves = cves};
	g_autoptr(GError) error = NULL;

	finish_module(object, &options, exports, &error);
	assert_no_error(error);
	const struct section *section = object_section(object, ".note.klatch");
	assert_int_equal(section->type, SHT_NOTE);
	assert_int_equal(section->flags, SHF_ALLOC);
	assert_int_equal(section->size, sizeof(note));
	assert_memory_equal(section->data, note, sizeof(note));
	const struct section *info = object_section(object, ".modinfo");
	assert_non_null(
		memmem(info->data, info->size, "cve=CVE-2024-1234\0cve=CVE-2025-12345", 37));
}

static void test_origin_is_told(void **state)
{
	static const char wanted[] = "klatch=" KLATCH_VERSION "\0compiler=GCC: (of ours) 12\0"
				     "source=a.patch 1\0source=b.patch 2";
	const char *const sources[] = {"a.patch 1", "b.patch 2", NULL};
	const struct link_options options = {.name = "name", .sources = sources};
	AUTO(object) object = compiled(*state, ".section .modinfo, \"a\"\n .text\n ret\n");
	AUTO(object) from = compiled(*state, ".ident \"GCC: (of ours) 12\"\n .text\n ret\n");
	const struct section *info = object_section(object, ".modinfo");

	finish_origin(object, &options, from);
	assert_int_equal(info->size, sizeof(wanted));
	assert_memory_equal(info->data, wanted, sizeof(wanted));
}

static void test_module_export_is_refused(void **state)
{
	AUTO(object)
	object = compiled(*state, ".section .modinfo, \"a\"\n .text\n call of_module\n");
	AUTO(exports) exports = read_exports(*state);
	const struct link_options options = {.name = "name"};
	g_autoptr(GError) error = NULL;

	assert_false(finish_module(object, &options, exports, &error));
	assert_error(&error, KLATCH_REFUSED, "it uses of_module");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_read_back),
		cmocka_unit_test(test_cves_are_named),
		cmocka_unit_test(test_origin_is_told),
		cmocka_unit_test(test_late_references_are_sites),
		cmocka_unit_test(test_what_it_is_for_reads_back),
		cmocka_unit_test(test_no_build_id_is_refused),
		cmocka_unit_test(test_late_references_as_the_kernel_has_them),
		cmocka_unit_test(test_vmlinux_references_are_klp_relocations),
		cmocka_unit_test(test_module_information),
		cmocka_unit_test(test_late_reference_in_a_table_is_refused),
		cmocka_unit_test(test_module_export_is_refused),
	};

	return cmocka_run_group_tests_name("link: tables and the finished module", tests,
					   make_directory, remove_directory);
}
