/*
 * A sound livepatch passes; broken in one way it is refused for that, and for nothing else.
 *
 * The kernel is one of our own making: a vmlinux with a version magic, a hidden function of which
 * there are two, and a module "t".
 */
#include "help.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "check/check.h"
#include "check/inside.h"
#include "elf/seal.h"
#include "klatch.h"
#include "sign/sign.h"

#define MAGIC	   "6.1.0-test SMP mod_unload modversions "
#define RELEASE	   "6.1.0-test"
#define BANNER	   "Linux version " RELEASE " (builder) (gcc, ld) #1 SMP Test 6.1-1\n"
#define VERSION	   "#1 SMP Test 6.1-1"
#define BUILT_IN   "inside.license=GPL"
#define PARAMETERS "part.time\0quiet"
#define NOTE	   "\4\0\0\0\4\0\0\0\3\0\0\0GNU\0\1\2\3\4"

/* A livepatch, and the parts of it that tests break. */
struct sound {
	struct object *object;
	struct section *text, *init, *modinfo, *versions, *tables, *alternatives, *replacement;
	struct section *late, *early; /* the two .klp.rela sections */
	struct section *orc, *orc_ip;
	struct section *version; /* of the kernel it is for */
	struct symbol *exported; /* by vmlinux */
	struct symbol *helper;	 /* klp symbols: of t ... */
	struct symbol *hidden;	 /* ... and of vmlinux */
	guint64 site;		 /* offset of the first struct klatch_site in tables, ... */
	guint64 note;		 /* ... of the target's build ID, ... */
	guint64 livepatch;	 /* ... and of struct klatch_livepatch, the last there */
};

enum { /* in .text */
       SHOW = 0,
       SHOW_IMPORT = 4,
       SHOW_SITE = 12,
       PROC = 32,
       PROC_HIDDEN = 40,
       PROC_ALTERNATIVE = 48,
       TEXT_SIZE = 64,
};

static struct kernel kernel = {.release = (char *)RELEASE, .series = 6001};

/* ---- the kernel ---- */

static void make_vmlinux(const char *path)
{
	/* struct kernel_param, of which the first field counts: addresses in PARAMETERS */
	static const guint64 params[2][5] = {{256}, {256 + sizeof("part.time")}};
	AUTO(object) object = object_new("vmlinux");
	GError *error = NULL;

	struct section *section = object_add_section(object, ".rodata", SHT_PROGBITS, SHF_ALLOC, 1,
						     MAGIC, sizeof(MAGIC));
	assert_int_equal(section_append(section, BANNER, sizeof(BANNER), 64), 64);
	assert_int_equal(section_append(section, PARAMETERS, sizeof(PARAMETERS), 256), 256);
	assert_int_equal(section_append(section, params, sizeof(params), 512), 512);
	object_write(object, path, &error);
	assert_no_error(error);
}

static void make_module(const char *path)
{
	AUTO(object) object = object_new("t");
	GError *error = NULL;
	struct section *text = object_add_section(object, ".text", SHT_PROGBITS,
						  SHF_ALLOC | SHF_EXECINSTR, 16, NULL, 64);
	struct section *init = object_add_section(object, ".init.text", SHT_PROGBITS,
						  SHF_ALLOC | SHF_EXECINSTR, 16, NULL, 64);
	struct section *modinfo =
		object_add_section(object, ".modinfo", SHT_PROGBITS, SHF_ALLOC, 1, NULL, 0);

	section_append(modinfo, "name=t", 7, 1);
	object_add_section(object, ".note.gnu.build-id", SHT_NOTE, SHF_ALLOC, 4, NOTE,
			   sizeof(NOTE) - 1);
	object_add_symbol(object, "t_show", text, 0, 16, STT_FUNC, STB_LOCAL);
	object_add_symbol(object, "helper", text, 16, 16, STT_FUNC, STB_LOCAL);
	/* one name twice, of which one goes after init */
	object_add_symbol(object, "setup", init, 0, 16, STT_FUNC, STB_LOCAL);
	object_add_symbol(object, "setup", text, 32, 16, STT_FUNC, STB_LOCAL);
	/* one whose ENDBR is taken off when the module is loaded */
	object_add_symbol(object, "sealed", text, 48, 16, STT_FUNC, STB_LOCAL);
	memcpy(text->data + 48, "\xf3\x0f\x1e\xfa", 4);
	section_add_reloc(
		object_add_section(object, ".ibt_endbr_seal", SHT_PROGBITS, SHF_ALLOC, 4, NULL, 4),
		0, R_X86_64_PC32, object_section_symbol(object, text), 48);
	object_write(object, path, &error);
	assert_no_error(error);
}

static int make_kernel(void **state)
{
	if (make_directory(state))
		return -1;

	const char *directory = *state;
	kernel.directory = *state;
	kernel.vmlinux = path_in(directory, "vmlinux");
	kernel.kallsyms = path_in(directory, "kallsyms");
	kernel.symvers = path_in(directory, "Module.symvers");
	kernel.modules = path_in(directory, "lib/modules/" RELEASE);
	g_autofree char *module = path_in(kernel.modules, "t.ko");

	g_mkdir_with_parents(kernel.modules, 0755);
	make_vmlinux(kernel.vmlinux);
	make_module(module);
	write_text(directory, "kallsyms",
		   "0000000000000000 r vermagic\n"
		   "0000000000000040 r linux_banner\n"
		   "0000000000000200 R __start___param\n"
		   "0000000000000250 R __stop___param\n"
		   "0000000000001000 t hidden\n"
		   "0000000000002000 t proc\n"
		   "0000000000003000 t hidden\n");
	write_text(directory, "Module.symvers",
		   "0x11111111\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t\n"
		   "0x22222222\texported\tvmlinux\tEXPORT_SYMBOL_GPL\t\n"
		   "0x33333333\tspaced\tvmlinux\tEXPORT_SYMBOL_GPL\tSPACE\n"
		   "0x44444444\tof_module\tdrivers/t\tEXPORT_SYMBOL_GPL\t\n");
	g_autofree char *built_in = path_in(kernel.modules, "modules.builtin.modinfo");
	files_write(built_in, BUILT_IN, sizeof(BUILT_IN), NULL);
	g_free(output_of(directory, "depmod", "-b", directory, RELEASE, NULL));
	return 0;
}

static int remove_kernel(void **state)
{
	g_free(kernel.vmlinux);
	g_free(kernel.kallsyms);
	g_free(kernel.symvers);
	g_free(kernel.modules);
	return remove_directory(state);
}

/* ---- a sound livepatch ---- */

static struct section *add(struct sound *sound, const char *name, guint64 flags, gsize size)
{
	return object_add_section(sound->object, name, SHT_PROGBITS, flags, 8, NULL, size);
}

static void add_version(struct sound *sound, guint64 crc, const char *name)
{
	char entry[64] = {0};

	memcpy(entry, &crc, sizeof(crc));
	g_strlcpy(entry + sizeof(crc), name, sizeof(entry) - sizeof(crc));
	section_append(sound->versions, entry, sizeof(entry), 1);
}

static struct symbol *add_klp_symbol(struct sound *sound, const char *name)
{
	struct symbol *symbol =
		object_add_symbol(sound->object, name, NULL, 0, 0, STT_NOTYPE, STB_GLOBAL);

	symbol->special = SHN_LIVEPATCH;
	return symbol;
}

static struct section *add_klp_section(struct sound *sound, const char *name,
				       struct section *relocates)
{
	struct section *section = object_add_section(sound->object, name, SHT_RELA,
						     SHF_ALLOC | SHF_RELA_LIVEPATCH, 8, NULL, 0);

	section->relocates = relocates;
	section->entsize = sizeof(Elf64_Rela);
	return section;
}

static void add_info(struct sound *sound, const char *entry)
{
	section_append(sound->modinfo, entry, strlen(entry) + 1, 1);
}

static void add_orc(struct sound *sound, struct section *text, guint64 at, guint8 stack_register)
{
	guint8 entry[6] = {8, 0, 0, 0, stack_register, 0};
	guint64 ip = section_append(sound->orc_ip, NULL, 4, 1);

	section_append(sound->orc, entry, sizeof(entry), 1);
	section_add_reloc(sound->orc_ip, ip, R_X86_64_PC32,
			  object_section_symbol(sound->object, text), at);
}

static void add_alternative(struct sound *sound, guint64 at, guint8 length)
{
	guint8 entry[12] = {[10] = length, [11] = length};
	guint64 offset = section_append(sound->alternatives, entry, sizeof(entry), 1);

	section_add_reloc(sound->alternatives, offset, R_X86_64_PC32,
			  object_section_symbol(sound->object, sound->text), at);
	section_add_reloc(sound->alternatives, offset + 4, R_X86_64_PC32,
			  object_section_symbol(sound->object, sound->replacement), 0);
}

/* A pointer from the tables to a string, made there. */
static void point_to_text(struct sound *sound, guint64 from, const char *text)
{
	guint64 at = section_append(sound->tables, text, strlen(text) + 1, 1);

	section_add_reloc(sound->tables, from, R_X86_64_64,
			  object_section_symbol(sound->object, sound->tables), at);
}

static void point_to(struct sound *sound, guint64 from, struct section *section, guint64 offset)
{
	section_add_reloc(sound->tables, from, R_X86_64_64,
			  object_section_symbol(sound->object, section), offset);
}

static void add_function(struct sound *sound, guint64 object, const char *name, guint64 replacement)
{
	struct klatch_func raw = {0};
	guint64 at = section_append(sound->tables, &raw, sizeof(raw), 8);

	point_to_text(sound, at, name);
	point_to(sound, at + 8, sound->text, replacement);
	point_to(sound, object + 8, sound->tables, at);
}

static struct klatch_site *site_of(struct sound *sound)
{
	return (struct klatch_site *)(sound->tables->data + sound->site);
}

static struct klatch_livepatch *livepatch_of(struct sound *sound)
{
	return (struct klatch_livepatch *)(sound->tables->data + sound->livepatch);
}

static void add_tables(struct sound *sound)
{
	struct klatch_object objects[2] = {{.nr_funcs = 1}, {.nr_funcs = 1, .nr_sites = 1}};
	struct klatch_site site = {.type = R_X86_64_PC32, .addend = -4};
	struct klatch_livepatch livepatch = {.format = KLATCH_FORMAT, .nr_objects = 2};
	guint64 at;

	sound->tables = add(sound, ".klatch.objects", SHF_ALLOC, 0);
	objects[1].note_size = sizeof(NOTE) - 1;
	at = section_append(sound->tables, objects, sizeof(objects), 8);
	add_function(sound, at, "proc", PROC);
	add_function(sound, at + sizeof(*objects), "t_show", SHOW);
	point_to_text(sound, at + sizeof(*objects), "t");
	sound->site = section_append(sound->tables, &site, sizeof(site), 8);
	point_to(sound, at + sizeof(*objects) + 16, sound->tables, sound->site);
	section_add_reloc(sound->tables, sound->site, R_X86_64_PC32,
			  object_section_symbol(sound->object, sound->text), SHOW_SITE);
	sound->note = section_append(sound->tables, NOTE, sizeof(NOTE) - 1, 4);
	point_to(sound, at + sizeof(*objects) + 24, sound->tables, sound->note);
	sound->livepatch = section_append(sound->tables, &livepatch, sizeof(livepatch), 8);
	object_add_symbol(sound->object, "klatch_livepatch", sound->tables, sound->livepatch,
			  sizeof(livepatch), STT_OBJECT, STB_GLOBAL);
	point_to(sound, sound->livepatch + offsetof(struct klatch_livepatch, objects),
		 sound->tables, at);
	sound->version = add(sound, ".klatch.strings", SHF_ALLOC, 0);
	section_append(sound->version, VERSION, sizeof(VERSION), 1);
	point_to(sound, sound->livepatch + offsetof(struct klatch_livepatch, kernel),
		 sound->version, 0);
}

static void add_code(struct sound *sound)
{
	sound->text = add(sound, ".text", SHF_ALLOC | SHF_EXECINSTR, TEXT_SIZE);
	sound->init = add(sound, ".init.text", SHF_ALLOC | SHF_EXECINSTR, 16);
	sound->replacement = add(sound, ".altinstr_replacement", SHF_ALLOC | SHF_EXECINSTR, 8);
	sound->alternatives = add(sound, ".altinstructions", SHF_ALLOC, 0);
	sound->orc = add(sound, ".orc_unwind", SHF_ALLOC, 0);
	sound->orc_ip = add(sound, ".orc_unwind_ip", SHF_ALLOC, 0);
	object_add_symbol(sound->object, "new_show", sound->text, SHOW, 32, STT_FUNC, STB_LOCAL);
	object_add_symbol(sound->object, "new_proc", sound->text, PROC, 32, STT_FUNC, STB_LOCAL);
	add_orc(sound, sound->text, 0, 5);
	add_orc(sound, sound->text, TEXT_SIZE, 0);
	add_alternative(sound, PROC_ALTERNATIVE, 3);
}

static void make_sound(struct sound *sound)
{
	sound->object = object_new("livepatch.ko");
	add_code(sound);
	add_tables(sound);

	sound->modinfo = add(sound, ".modinfo", SHF_ALLOC, 0);
	add_info(sound, "livepatch=Y");
	add_info(sound, "vermagic=" MAGIC);
	sound->versions = add(sound, "__versions", SHF_ALLOC, 0);
	add_version(sound, 0x11111111, "module_layout");
	add_version(sound, 0x22222222, "exported");

	sound->exported = object_add_undefined(sound->object, "exported");
	section_add_reloc(sound->text, SHOW_IMPORT, R_X86_64_PLT32, sound->exported, -4);

	sound->hidden = add_klp_symbol(sound, ".klp.sym.vmlinux.hidden,2");
	sound->early = add_klp_section(sound, ".klp.rela.vmlinux..text", sound->text);
	section_add_reloc(sound->early, PROC_HIDDEN, R_X86_64_PLT32, sound->hidden, -4);

	sound->helper = add_klp_symbol(sound, ".klp.sym.t.helper,0");
	sound->late = add_klp_section(sound, ".klp.rela.t..klatch.objects", sound->tables);
	section_add_reloc(sound->late, 0, R_X86_64_NONE, sound->helper, 0);
}

/* Writes what was made, and checks the file.  Also frees the livepatch. */
static GPtrArray *check_made(struct sound *sound)
{
	g_autofree char *path = path_in(kernel.directory, "livepatch.ko");
	g_autoptr(GError) error = NULL;
	GPtrArray *refusals;

	/* Indexes are known only when all symbols are there. */
	if (!site_of(sound)->symbol)
		site_of(sound)->symbol = object_symbol_file_index(sound->object, sound->helper);
	seal_write(sound->object, path, &error);
	assert_no_error(error);
	object_free(sound->object);
	refusals = check_livepatch(&kernel, path, &error);
	assert_no_error(error);
	return refusals;
}

/* The livepatch is refused once, with these words. */
static void assert_refused(struct sound *sound, const char *what, const char *why)
{
	g_autoptr(GPtrArray) refusals = check_made(sound);

	for (guint i = 0; i < refusals->len; i++) {
		const struct klatch_reason *reason = klatch_error_reason(refusals->pdata[i]);

		if (refusals->len > 1 || !strstr(reason->what, what) || !strstr(reason->why, why))
			fail_msg("wanted once: %s: %s; got: %s: %s", what, why, reason->what,
				 reason->why);
	}
	assert_int_equal(refusals->len, 1);
	assert_true(g_error_matches(refusals->pdata[0], KLATCH_ERROR, KLATCH_REFUSED));
}

/* ---- the tests ---- */

static void sound_livepatch_passes(void **state)
{
	struct sound sound;

	make_sound(&sound);
	g_autoptr(GPtrArray) refusals = check_made(&sound);
	for (guint i = 0; i < refusals->len; i++)
		print_message("%s\n", ((GError *)refusals->pdata[i])->message);
	assert_int_equal(refusals->len, 0);
}

static void other_version_magic(void **state)
{
	struct sound sound;

	make_sound(&sound);
	strstr((char *)sound.modinfo->data + strlen("livepatch=Y") + 1, "6.1.0")[2] = '2';
	assert_refused(&sound, "not for this kernel", "6.2.0-test");
}

static void not_marked_as_livepatch(void **state)
{
	struct sound sound;

	make_sound(&sound);
	sound.modinfo->data[strlen("livepatch=")] = 'N';
	assert_refused(&sound, "not for this kernel", "livepatch=Y");
}

static void another_build_of_the_kernel(void **state)
{
	struct sound sound;

	make_sound(&sound);
	sound.version->data[1] = '2';
	assert_refused(&sound, "not for this kernel's modules", "#2 SMP Test");
}

static void another_build_of_the_target(void **state)
{
	struct sound sound;

	make_sound(&sound);
	sound.tables->data[sound.note + sizeof(NOTE) - 2] ^= 1;
	assert_refused(&sound, "not for this kernel's modules", "build ID");
}

static void symbol_that_nothing_exports(void **state)
{
	struct sound sound;

	make_sound(&sound);
	g_free(sound.exported->name);
	sound.exported->name = g_strdup("hidden");
	assert_refused(&sound, "does not export", "nothing exports it");
}

static void symbol_that_a_module_exports(void **state)
{
	struct sound sound;

	make_sound(&sound);
	g_free(sound.exported->name);
	sound.exported->name = g_strdup("of_module");
	assert_refused(&sound, "does not export", "a module exports it");
}

static void symbol_of_another_version(void **state)
{
	struct sound sound;

	make_sound(&sound);
	sound.versions->data[64] ^= 1;
	assert_refused(&sound, "does not export", "the kernel exports 0x22222222");
}

static void symbol_without_version(void **state)
{
	struct sound sound;

	make_sound(&sound);
	sound.versions->size -= 64;
	assert_refused(&sound, "does not export", "states no version");
}

static void layout_without_version(void **state)
{
	struct sound sound;

	make_sound(&sound);
	sound.versions->data[8] = 'x';
	assert_refused(&sound, "does not export", "states no version");
}

static void symbol_of_a_namespace(void **state)
{
	struct sound sound;

	make_sound(&sound);
	object_add_undefined(sound.object, "spaced");
	add_version(&sound, 0x33333333, "spaced");
	assert_refused(&sound, "does not export", "namespace SPACE");

	make_sound(&sound);
	object_add_undefined(sound.object, "spaced");
	add_version(&sound, 0x33333333, "spaced");
	add_info(&sound, "import_ns=SPACE");
	g_autoptr(GPtrArray) refusals = check_made(&sound);
	assert_int_equal(refusals->len, 0);
}

static void rename_klp(struct symbol *symbol, const char *name)
{
	g_free(symbol->name);
	symbol->name = g_strdup(name);
}

static void klp_symbol_that_is_not_there(void **state)
{
	struct sound sound;

	make_sound(&sound);
	rename_klp(sound.helper, ".klp.sym.t.absent,0");
	assert_refused(&sound, "would not be found", "t has no symbol of that name");
}

static void klp_symbol_at_another_position(void **state)
{
	struct sound sound;

	make_sound(&sound);
	rename_klp(sound.hidden, ".klp.sym.vmlinux.hidden,3");
	assert_refused(&sound, "would not be found", "not one at position 3");

	/* twice there, so 0 does not say which */
	make_sound(&sound);
	rename_klp(sound.hidden, ".klp.sym.vmlinux.hidden,0");
	assert_refused(&sound, "would not be found", "not one at position 0");
}

static void klp_symbol_that_moves_after_init(void **state)
{
	struct sound sound;

	make_sound(&sound);
	rename_klp(sound.helper, ".klp.sym.t.setup,2");
	assert_refused(&sound, "would not be found", "both while it loads and afterwards");
}

static void klp_symbol_of_no_module(void **state)
{
	struct sound sound;

	make_sound(&sound);
	rename_klp(sound.helper, ".klp.sym.u.helper,0");
	assert_refused(&sound, "would not be found", "not among the modules");
}

static void klp_symbol_of_bad_form(void **state)
{
	static const char *const names[] = {
		".klp.sym.t.helper",   ".klp.sym.t,0",	       ".klp.sym..helper,0",
		".klp.sym.t.helper,x", ".klp.sym.t.helper,-1",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		char *object = NULL, *name = NULL;
		guint64 sympos;

		assert_false(klp_symbol_parse(names[i], &object, &name, &sympos));
		assert_null(object);
	}
}

static void function_that_is_not_there(void **state)
{
	struct sound sound;
	guint8 *name;

	make_sound(&sound);
	name = memmem(sound.tables->data, sound.tables->size, "t_show", 6);
	*name = 'x';
	assert_refused(&sound, "replaces a function", "no symbol of that name");
}

static void replacement_that_is_no_function(void **state)
{
	struct sound sound;

	make_sound(&sound);
	object_symbol(sound.object, "new_show")->size = 0;
	assert_refused(&sound, "replaces a function", "not the beginning of a function");
}

/* Gives t a set of callbacks, of which there is a pre_patch and a post_unpatch. */
static void add_callbacks(struct sound *sound, guint64 pre_patch, guint64 post_unpatch)
{
	guint64 set = section_append(sound->tables, NULL, sizeof(struct klatch_callbacks), 8);
	struct klatch_object *object = (struct klatch_object *)sound->tables->data + 1;

	object->nr_callbacks = 1;
	point_to(sound, sizeof(*object) + offsetof(struct klatch_object, callbacks), sound->tables,
		 set);
	point_to(sound, set + offsetof(struct klatch_callbacks, pre_patch), sound->text, pre_patch);
	point_to(sound, set + offsetof(struct klatch_callbacks, post_unpatch), sound->text,
		 post_unpatch);
}

static void callbacks_that_are_functions(void **state)
{
	struct sound sound;

	make_sound(&sound);
	add_callbacks(&sound, SHOW, PROC);
	g_autoptr(GPtrArray) refusals = check_made(&sound);
	assert_int_equal(refusals->len, 0);
}

static void callback_that_is_no_function(void **state)
{
	struct sound sound;

	make_sound(&sound);
	add_callbacks(&sound, SHOW, PROC + 1);
	assert_refused(&sound, "no function", "a callback of t leads there");
}

static void vmlinux_symbol_in_a_module_section(void **state)
{
	struct sound sound;

	make_sound(&sound);
	section_add_reloc(sound.late, 0, R_X86_64_NONE, sound.hidden, 0);
	assert_refused(&sound, "at the wrong time", "hidden of vmlinux");
}

static void module_symbol_in_a_vmlinux_section(void **state)
{
	struct sound sound;

	make_sound(&sound);
	section_add_reloc(sound.early, PROC_HIDDEN, R_X86_64_NONE, sound.helper, 0);
	assert_refused(&sound, "at the wrong time", "helper of t");
}

static void kernel_that_writes_a_late_reference(void **state)
{
	struct sound sound;

	make_sound(&sound);
	section_add_reloc(sound.late, sound.tables->size - 8, R_X86_64_64, sound.helper, 0);
	/* what it writes to is there already, and not zero */
	memset(sound.tables->data + sound.tables->size - 8, 0, 8);
	assert_refused(&sound, "at the wrong time", "would be written by the kernel");
}

/* With the other policies the kernel writes, but not where it is too late. */
static void policy_by_which_the_kernel_writes(void **state)
{
	struct sound sound;

	make_sound(&sound);
	livepatch_of(&sound)->policy = KLATCH_CLEAR;
	*section_reloc(sound.late, 0) = (struct reloc){SHOW_SITE, R_X86_64_PC32, sound.helper, -4};
	sound.late->relocates = sound.text;
	g_autoptr(GPtrArray) refusals = check_made(&sound);
	assert_int_equal(refusals->len, 0);

	make_sound(&sound);
	livepatch_of(&sound)->policy = KLATCH_PIN;
	*section_reloc(sound.late, 0) = (struct reloc){1, R_X86_64_PC32, sound.helper, -4};
	sound.late->relocates = sound.replacement;
	assert_refused(&sound, "special section", "refers to .klp.sym.t.helper,0");
}

static void klp_section_that_is_not_loaded(void **state)
{
	struct sound sound;

	make_sound(&sound);
	sound.early->flags &= ~(guint64)SHF_ALLOC;
	assert_refused(&sound, "at the wrong time", "SHF_ALLOC");
}

static void site_that_nobody_resolves(void **state)
{
	struct sound sound;

	make_sound(&sound);
	g_array_set_size(sound.late->relocs, 0);
	assert_refused(&sound, "nobody resolves", "when t comes");
}

static void site_of_an_ordinary_symbol(void **state)
{
	struct sound sound;

	make_sound(&sound);
	site_of(&sound)->symbol = object_symbol_file_index(sound.object, sound.exported);
	assert_refused(&sound, "nobody resolves", "when t comes");
}

static void site_of_no_symbol(void **state)
{
	struct sound sound;

	make_sound(&sound);
	site_of(&sound)->symbol = 100000;
	assert_refused(&sound, "nobody resolves", "when t comes");
}

static void klp_symbol_in_an_ordinary_relocation(void **state)
{
	struct sound sound;

	make_sound(&sound);
	section_add_reloc(sound.text, SHOW + 20, R_X86_64_PC32, sound.hidden, -4);
	assert_refused(&sound, "as an ordinary one", "taken for address 0");
}

static void relocation_type_that_no_loader_knows(void **state)
{
	struct sound sound;

	make_sound(&sound);
	section_add_reloc(sound.text, SHOW + 20, R_X86_64_GOTPCREL, sound.exported, -4);
	assert_refused(&sound, "can't be loaded", "R_X86_64_GOTPCREL");
}

static void site_that_writes_nothing(void **state)
{
	struct sound sound;

	make_sound(&sound);
	site_of(&sound)->type = R_X86_64_NONE;
	assert_refused(&sound, "can't be loaded", "R_X86_64_NONE");
}

static void klp_relocation_in_init(void **state)
{
	struct sound sound;

	make_sound(&sound);
	sound.early->relocates = sound.init;
	section_reloc(sound.early, 0)->offset = 4;
	assert_refused(&sound, "memory that is gone", "for init");
}

static void site_in_init(void **state)
{
	struct sound sound;

	make_sound(&sound);
	*section_reloc_at(sound.tables, sound.site) = (struct reloc){
		sound.site, R_X86_64_PC32, object_section_symbol(sound.object, sound.init), 0};
	assert_refused(&sound, "memory that is gone", "for init");
}

static void site_that_is_not_zero(void **state)
{
	struct sound sound;

	make_sound(&sound);
	sound.text->data[SHOW_SITE + 3] = 1;
	assert_refused(&sound, "can't be written", "not zero");
}

static void site_that_is_also_relocated(void **state)
{
	struct sound sound;

	make_sound(&sound);
	section_add_reloc(sound.text, SHOW_SITE + 2, R_X86_64_PC32, sound.exported, -4);
	assert_refused(&sound, "can't be written", "another relocation");
}

static void site_outside_of_memory(void **state)
{
	struct sound sound;

	make_sound(&sound);
	section_reloc_at(sound.tables, sound.site)->addend = TEXT_SIZE - 2;
	assert_refused(&sound, "can't be written", "nothing to write to");
}

static void alternative_over_a_site(void **state)
{
	struct sound sound;

	make_sound(&sound);
	add_alternative(&sound, SHOW_SITE - 1, 2);
	assert_refused(&sound, "special section", ".text+0xb");

	/* just before it is fine */
	make_sound(&sound);
	add_alternative(&sound, SHOW_SITE - 1, 1);
	g_autoptr(GPtrArray) refusals = check_made(&sound);
	assert_int_equal(refusals->len, 0);
}

static void site_in_a_replacement(void **state)
{
	struct sound sound;

	make_sound(&sound);
	*section_reloc_at(sound.tables, sound.site) =
		(struct reloc){sound.site, R_X86_64_PC32,
			       object_section_symbol(sound.object, sound.replacement), 1};
	assert_refused(&sound, "special section", "refers to .klp.sym.t.helper,0");
}

static void static_key_of_a_late_module(void **state)
{
	struct sound sound;
	struct section *jumps;

	make_sound(&sound);
	jumps = add(&sound, "__jump_table", SHF_ALLOC, 16);
	section_add_reloc(jumps, 0, R_X86_64_PC32, object_section_symbol(sound.object, sound.text),
			  SHOW);
	*section_reloc_at(sound.tables, sound.site) = (struct reloc){
		sound.site, R_X86_64_PC32, object_section_symbol(sound.object, jumps), 8};
	site_of(&sound)->type = R_X86_64_PC64;
	assert_refused(&sound, "special section", "refers to .klp.sym.t.helper,0");
}

static void static_call_site_of_a_late_trampoline(void **state)
{
	struct sound sound;
	struct section *calls;

	make_sound(&sound);
	calls = add(&sound, ".static_call_sites", SHF_ALLOC, 8);
	section_add_reloc(calls, 0, R_X86_64_PC32, object_section_symbol(sound.object, sound.text),
			  SHOW_SITE - 1);
	assert_refused(&sound, "special section", "the kernel changes the code");
}

static void special_entry_of_no_code(void **state)
{
	struct sound sound;

	make_sound(&sound);
	section_append(sound.alternatives, NULL, 12, 1);
	assert_refused(&sound, "special section", "refers to no code");
}

static void code_without_orc(void **state)
{
	struct sound sound;
	struct section *more;

	make_sound(&sound);
	more = add(&sound, ".text.more", SHF_ALLOC | SHF_EXECINSTR, 16);
	object_add_symbol(sound.object, "more", more, 0, 16, STT_FUNC, STB_LOCAL);
	assert_refused(&sound, "can't be unwound", "more");
}

static void code_behind_the_end_of_orc(void **state)
{
	struct sound sound;

	make_sound(&sound);
	add_orc(&sound, sound.text, PROC, 0);
	assert_refused(&sound, "can't be unwound", "new_proc");

	/* the end of one piece and the beginning of the next at one address */
	make_sound(&sound);
	add_orc(&sound, sound.text, PROC, 5);
	add_orc(&sound, sound.text, PROC, 0);
	g_autoptr(GPtrArray) refusals = check_made(&sound);
	assert_int_equal(refusals->len, 0);
}

static void orc_tables_that_differ(void **state)
{
	struct sound sound;

	make_sound(&sound);
	section_append(sound.orc, NULL, 6, 1);
	assert_refused(&sound, "can't be unwound", "different length");
}

/* A jump of two bytes in new_proc, and the stack another from some place on. */
static void add_jump(struct sound *sound, guint8 opcode, guint8 distance, guint64 other_from)
{
	guint8 *code;

	make_sound(sound);
	code = sound->text->data + PROC + 20;
	code[0] = opcode;
	code[1] = distance;
	add_orc(sound, sound->text, other_from, 4);
}

static void jumps_that_change_the_stack(void **state)
{
	enum { JUMP = 0xeb, JUMP_IF_ZERO = 0x74, BEHIND = PROC + 22 };
	struct sound sound;

	add_jump(&sound, JUMP, 4, BEHIND + 4);
	assert_refused(&sound, "can't be unwound", "where it jumps to");
	add_jump(&sound, JUMP_IF_ZERO, 0xfc, BEHIND);
	assert_refused(&sound, "can't be unwound", "where it goes on");
	add_jump(&sound, JUMP, 100, TEXT_SIZE);
	assert_refused(&sound, "can't be unwound", "belongs to no function");

	/* nothing but a jump leads behind one without a condition */
	add_jump(&sound, JUMP, 0xfc, BEHIND);
	g_autoptr(GPtrArray) refusals = check_made(&sound);
	assert_int_equal(refusals->len, 0);
}

static void objects_are_named_as_in_sysfs(void **state)
{
	g_autofree char *path = path_in(kernel.directory, "livepatch.ko");
	g_autoptr(GError) error = NULL;
	struct sound sound;

	make_sound(&sound);
	g_ptr_array_unref(check_made(&sound));
	g_autoptr(GPtrArray) objects = check_objects(path, &error);
	assert_no_error(error);
	assert_int_equal(objects->len, 2);

	const struct check_object *first = objects->pdata[0], *second = objects->pdata[1];
	assert_string_equal(first->name, "vmlinux");
	assert_int_equal(first->functions->len, 1);
	assert_string_equal(first->functions->pdata[0], "proc,1");
	assert_string_equal(second->name, "t");
	assert_string_equal(second->functions->pdata[0], "t_show,1");
}

static void assert_unreadable(struct sound *sound, const char *why)
{
	g_autofree char *path = path_in(kernel.directory, "livepatch.ko");
	GError *error = NULL;

	seal_write(sound->object, path, &error);
	assert_no_error(error);
	object_free(sound->object);
	assert_null(check_objects(path, &error));
	assert_error(&error, KLATCH_INPUT, why);
	assert_null(check_livepatch(&kernel, path, &error));
	assert_error(&error, KLATCH_INPUT, why);
}

static void damaged_tables_are_said(void **state)
{
	struct sound sound;
	struct klatch_object *object;

	make_sound(&sound);
	object_symbol(sound.object, "klatch_livepatch")->name[0] = 'x';
	assert_unreadable(&sound, "it has no klatch_livepatch");

	make_sound(&sound);
	livepatch_of(&sound)->policy = KLATCH_NR_POLICIES;
	assert_unreadable(&sound, "policy 6 is not known");

	make_sound(&sound);
	object_symbol(sound.object, "klatch_livepatch")->size = 0;
	object_symbol(sound.object, "klatch_livepatch")->value +=
		sizeof(struct klatch_livepatch) - 2;
	assert_unreadable(&sound, "klatch_livepatch is cut off");

	make_sound(&sound);
	object = (struct klatch_object *)sound.tables->data;
	object[1].note_size = 100000;
	assert_unreadable(&sound, "there is no build ID");

	make_sound(&sound);
	object = (struct klatch_object *)sound.tables->data;
	object->nr_funcs = G_MAXUINT32;
	assert_unreadable(&sound, "do not fit there");

	make_sound(&sound);
	object = (struct klatch_object *)sound.tables->data;
	object[1].nr_sites = 2;
	section_append(sound.tables, NULL, sizeof(struct klatch_site), 1);
	assert_unreadable(&sound, "leads to no section");

	make_sound(&sound);
	memset(memmem(sound.tables->data, sound.tables->size, "t_show", 6), 0, 6);
	assert_unreadable(&sound, "there is no name");
}

/* A table of one kprobe, whose symbols lie `size` bytes apart. */
static void add_probes(struct sound *sound, guint64 size)
{
	struct section *probes =
		object_add_section(sound->object, ".klatch.probes", SHT_PROGBITS,
				   SHF_ALLOC | SHF_WRITE, 8, NULL, sizeof(struct klatch_probe));

	object_add_symbol(sound->object, KLATCH_PROBES, probes, 0, 0, STT_OBJECT, STB_GLOBAL);
	object_add_symbol(sound->object, KLATCH_PROBES_END, probes, size, 0, STT_OBJECT,
			  STB_GLOBAL);
}

static void damaged_probes_are_said(void **state)
{
	struct sound sound;

	make_sound(&sound);
	add_probes(&sound, sizeof(struct klatch_probe) - 1);
	assert_unreadable(&sound, "the kprobes have no end");

	make_sound(&sound);
	add_probes(&sound, sizeof(struct klatch_probe));
	object_symbol(sound.object, KLATCH_PROBES_END)->name[0] = 'x';
	assert_unreadable(&sound, "the kprobes have no end");

	make_sound(&sound);
	add_probes(&sound, sizeof(struct klatch_probe));
	assert_unreadable(&sound, "a pointer leads to no section");
}

static void tables_of_other_formats(void **state)
{
	struct sound sound;

	make_sound(&sound);
	livepatch_of(&sound)->format = 0;
	assert_unreadable(&sound, "its tables have format 0, this klatch knows 3");

	make_sound(&sound);
	livepatch_of(&sound)->format = 4;
	assert_unreadable(&sound, "its tables have format 4, this klatch knows 3");
}

/* What check_livepatch() says of a file with these bytes; NULL if it is refused for nothing. */
static char *said_of(const guint8 *file, gsize size)
{
	g_autofree char *path = path_in(kernel.directory, "changed.ko");
	g_autoptr(GError) error = NULL;

	assert_true(files_write(path, file, size, &error));
	g_autoptr(GPtrArray) refusals = check_livepatch(&kernel, path, &error);
	if (error)
		return g_strdup(error->message);
	assert_int_equal(refusals->len, 0);
	return NULL;
}

static void any_changed_byte_is_found(void **state)
{
	g_autofree char *path = path_in(kernel.directory, "livepatch.ko");
	g_autofree guint8 *file = NULL;
	struct sound sound;
	gsize size;

	make_sound(&sound);
	g_ptr_array_unref(check_made(&sound));
	assert_true(g_file_get_contents(path, (char **)&file, &size, NULL));
	assert_null(said_of(file, size));
	for (gsize at = 0; at < size; at++) {
		file[at] ^= 1u << (at % 8);
		g_autofree char *said = said_of(file, size);
		assert_non_null(said);
		file[at] ^= 1u << (at % 8);
	}
	for (gsize left = 0; left < size; left += 97) {
		g_autofree char *said = said_of(file, left);
		assert_non_null(said);
	}
}

static void a_sum_is_needed_and_a_signature_is_not_in_it(void **state)
{
	g_autofree char *path = path_in(kernel.directory, "livepatch.ko");
	g_autofree guint8 *file = NULL;
	struct sound sound;
	gsize size;

	make_sound(&sound);
	site_of(&sound)->symbol = object_symbol_file_index(sound.object, sound.helper);
	assert_true(object_write(sound.object, path, NULL));
	assert_true(g_file_get_contents(path, (char **)&file, &size, NULL));
	g_autofree char *said = said_of(file, size);
	assert_non_null(strstr(said, "it carries no sum"));

	assert_true(seal_write(sound.object, path, NULL));
	object_free(sound.object);
	g_autofree char *text = NULL;
	assert_true(g_file_get_contents(path, &text, &size, NULL));
	g_autoptr(GByteArray) signed_file = g_byte_array_new();
	g_byte_array_append(signed_file, (const guint8 *)text, size);
	g_byte_array_append(signed_file, (const guint8 *)"sign\0\0\2\0\0\0\0\0\0\0\0\4", 16);
	g_byte_array_append(signed_file, (const guint8 *)SIGN_MARK, strlen(SIGN_MARK));
	g_autofree char *other = said_of(signed_file->data, signed_file->len);
	assert_non_null(strstr(other, "its signature is damaged"));
}

static void names_that_the_kernel_has(void **state)
{
	static const char *const taken[] = {"part", "kernel", "inside", "t"};
	static const char *const others[] = {"par",   "parts",	 "time",
					     "quiet", "license", "livepatch"};
	GError *error = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(taken); i++) {
		assert_false(check_name_is_free(&kernel, taken[i], &error));
		assert_error(&error, KLATCH_USAGE, "has this name");
	}
	for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
		assert_true(check_name_is_free(&kernel, others[i], &error));
}

static void a_file_that_is_no_livepatch(void **state)
{
	g_autofree char *path = path_in(kernel.directory, "Module.symvers");
	GError *error = NULL;

	assert_null(check_livepatch(&kernel, path, &error));
	assert_error(&error, KLATCH_INPUT, "not an ELF file");
}

static void refer_to_sealed(struct sound *sound, guint8 instruction)
{
	make_sound(sound);
	g_free(sound->helper->name);
	sound->helper->name = g_strdup(".klp.sym.t.sealed,0");
	sound->text->data[SHOW_SITE - 1] = instruction;
	g_free(sound->text->name);
	sound->text->name = g_strdup(".text.new_show");
}

static void address_of_a_sealed_function(void **state)
{
	struct sound sound;

	refer_to_sealed(&sound, 0x3d);
	assert_refused(&sound, "can't be called by it", "sealed of t is sealed");
}

static void call_of_a_sealed_function(void **state)
{
	struct sound sound;

	refer_to_sealed(&sound, 0xe8);
	g_autoptr(GPtrArray) refusals = check_made(&sound);
	assert_int_equal(refusals->len, 0);
}

static void constant_that_is_written_at_boot(void **state)
{
	struct sound sound;

	make_sound(&sound);
	add(&sound, "runtime_ptr_limit", SHF_ALLOC, 4);
	kernel.series = 6012;
	assert_refused(&sound, "has to complete", "at boot only");
	kernel.series = 6001;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_livepatch_passes),
		cmocka_unit_test(other_version_magic),
		cmocka_unit_test(not_marked_as_livepatch),
		cmocka_unit_test(another_build_of_the_kernel),
		cmocka_unit_test(another_build_of_the_target),
		cmocka_unit_test(symbol_that_nothing_exports),
		cmocka_unit_test(symbol_that_a_module_exports),
		cmocka_unit_test(symbol_of_another_version),
		cmocka_unit_test(symbol_without_version),
		cmocka_unit_test(layout_without_version),
		cmocka_unit_test(symbol_of_a_namespace),
		cmocka_unit_test(klp_symbol_that_is_not_there),
		cmocka_unit_test(klp_symbol_at_another_position),
		cmocka_unit_test(klp_symbol_that_moves_after_init),
		cmocka_unit_test(klp_symbol_of_no_module),
		cmocka_unit_test(klp_symbol_of_bad_form),
		cmocka_unit_test(function_that_is_not_there),
		cmocka_unit_test(replacement_that_is_no_function),
		cmocka_unit_test(vmlinux_symbol_in_a_module_section),
		cmocka_unit_test(module_symbol_in_a_vmlinux_section),
		cmocka_unit_test(kernel_that_writes_a_late_reference),
		cmocka_unit_test(policy_by_which_the_kernel_writes),
		cmocka_unit_test(klp_section_that_is_not_loaded),
		cmocka_unit_test(site_that_nobody_resolves),
		cmocka_unit_test(site_of_an_ordinary_symbol),
		cmocka_unit_test(site_of_no_symbol),
		cmocka_unit_test(klp_symbol_in_an_ordinary_relocation),
		cmocka_unit_test(relocation_type_that_no_loader_knows),
		cmocka_unit_test(site_that_writes_nothing),
		cmocka_unit_test(klp_relocation_in_init),
		cmocka_unit_test(site_in_init),
		cmocka_unit_test(site_that_is_not_zero),
		cmocka_unit_test(site_that_is_also_relocated),
		cmocka_unit_test(site_outside_of_memory),
		cmocka_unit_test(alternative_over_a_site),
		cmocka_unit_test(callbacks_that_are_functions),
		cmocka_unit_test(callback_that_is_no_function),
		cmocka_unit_test(site_in_a_replacement),
		cmocka_unit_test(static_key_of_a_late_module),
		cmocka_unit_test(static_call_site_of_a_late_trampoline),
		cmocka_unit_test(special_entry_of_no_code),
		cmocka_unit_test(address_of_a_sealed_function),
		cmocka_unit_test(call_of_a_sealed_function),
		cmocka_unit_test(constant_that_is_written_at_boot),
		cmocka_unit_test(code_without_orc),
		cmocka_unit_test(code_behind_the_end_of_orc),
		cmocka_unit_test(orc_tables_that_differ),
		cmocka_unit_test(jumps_that_change_the_stack),
		cmocka_unit_test(objects_are_named_as_in_sysfs),
		cmocka_unit_test(damaged_tables_are_said),
		cmocka_unit_test(damaged_probes_are_said),
		cmocka_unit_test(tables_of_other_formats),
		cmocka_unit_test(names_that_the_kernel_has),
		cmocka_unit_test(any_changed_byte_is_found),
		cmocka_unit_test(a_sum_is_needed_and_a_signature_is_not_in_it),
		cmocka_unit_test(a_file_that_is_no_livepatch),
	};

	return cmocka_run_group_tests(tests, make_kernel, remove_kernel);
}
