/*
 * Made-up machines, and a livepatch that gcc makes for them.
 */
#include "machine.h"

#include "base/files.h"
#include "elf/object.h"
#include "elf/seal.h"

static const char livepatch_source[] =
	"#include \"klatch.h\"\n"
	"#define INFO(name, text) __attribute__((section(\".modinfo\"), used)) \\\n"
	"	static const char name[] = text\n"
	"INFO(a, \"name=\" NAME); INFO(b, \"livepatch=Y\");\n"
	"INFO(c, \"vermagic=" MACHINE_RELEASE " SMP mod_unload \");\n"
	"void exported(void); void replacement(void) { exported(); }\n"
	"static const struct klatch_func first[] = {{\"proc\", replacement, 0}};\n"
	"static const struct klatch_func second[] = {{\"t_show\", replacement, 0}};\n"
	"static const char note[] = \"note of t\";\n"
	"static const struct klatch_object objects[] = {\n"
	"	{.funcs = first, .nr_funcs = 1},\n"
	"	{.name = \"t\", .funcs = second, .nr_funcs = 1, .note = note,\n"
	"	 .note_size = sizeof(note)}};\n"
	"const struct klatch_livepatch klatch_livepatch = {\n"
	"	.format = KLATCH_FORMAT, .kernel = \"" MACHINE_VERSION
	"\", .objects = objects, .nr_objects = 2, .replace = REPLACE};\n";

int make_machine(void **state)
{
	struct machine *machine = g_new0(struct machine, 1);

	machine->directory = files_temporary_directory(NULL);
	machine->host.proc = path_in(machine->directory, "proc");
	machine->host.sys = path_in(machine->directory, "sys");
	machine->host.log = path_in(machine->directory, "kmsg");
	machine->host.modules = path_in(machine->directory, "modules");
	machine->host.boot = path_in(machine->directory, "boot");
	*state = machine;
	return 0;
}

int remove_machine(void **state)
{
	struct machine *machine = *state;
	gboolean removed = files_remove_tree(machine->directory, NULL);

	g_free(machine->directory);
	g_free((char *)machine->host.proc);
	g_free((char *)machine->host.sys);
	g_free((char *)machine->host.log);
	g_free((char *)machine->host.modules);
	g_free((char *)machine->host.boot);
	g_free(machine);
	return removed ? 0 : -1;
}

void put(const struct machine *machine, const char *file, const char *text)
{
	g_autofree char *path = path_in(machine->directory, file);
	g_autofree char *above = g_path_get_dirname(path);

	assert_true(files_make_directory(above, NULL));
	write_text(machine->directory, file, text);
}

void put_directory(const struct machine *machine, const char *name)
{
	g_autofree char *path = path_in(machine->directory, name);

	assert_true(files_make_directory(path, NULL));
}

static void add_klp_symbol(struct object *object, const char *name)
{
	struct symbol *symbol = object_add_undefined(object, name);

	symbol->special = SHN_LIVEPATCH;
}

char *make_livepatch(const struct machine *machine, const char *name, gboolean replace)
{
	g_autofree char *here = g_get_current_dir();
	g_autofree char *file = g_strdup_printf("%s.c", name);
	g_autofree char *include = g_strdup_printf("-I%s/late", here);
	g_autofree char *name_flag = g_strdup_printf("-DNAME=\"%s\"", name);
	const char *replace_flag = replace ? "-DREPLACE=1" : "-DREPLACE=0";
	g_autoptr(GError) error = NULL;
	char *path = compile(machine->directory, file, livepatch_source, include, name_flag,
			     replace_flag, "-fno-pic", "-mcmodel=kernel", NULL);
	AUTO(object) object = object_read(path, &error);

	assert_no_error(error);
	add_klp_symbol(object, ".klp.sym.vmlinux.hidden,2");
	add_klp_symbol(object, ".klp.sym.t.helper,0");
	seal_write(object, path, &error);
	assert_no_error(error);
	return path;
}
