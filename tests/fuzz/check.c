/*
 * Any bytes as a finished livepatch, checked against a kernel that has next to nothing: refused, or
 * not read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "check/inside.h"
#include "elf/object.h"
#include "elf/seal.h"
#include "sign/sign.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static struct kernel kernel = {.release = (char *)"fuzz", .series = 6001};
static char *directory;

static char *file_in_kernel(const char *name, const char *text)
{
	char *path = g_build_filename(directory, name, NULL);

	g_assert_true(files_write(path, text, strlen(text), NULL));
	return path;
}

static void remove_kernel(void)
{
	files_remove_tree(directory, NULL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	AUTO(object) vmlinux = object_new("vmlinux");

	directory = files_temporary_directory(NULL);
	kernel.vmlinux = g_build_filename(directory, "vmlinux", NULL);
	kernel.kallsyms = file_in_kernel("kallsyms", "0000000000000000 r vermagic\n"
						     "0000000000001000 t hidden\n");
	kernel.symvers =
		file_in_kernel("Module.symvers", "0x1\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t\n"
						 "0x2\texported\tvmlinux\tEXPORT_SYMBOL\tSPACE\n");
	kernel.modules = g_build_filename(directory, "modules", NULL);
	object_add_section(vmlinux, ".rodata", SHT_PROGBITS, SHF_ALLOC, 1, "fuzz", 5);
	g_assert_true(object_write(vmlinux, kernel.vmlinux, NULL));
	atexit(remove_kernel);
	return 0;
}

/* The sum would keep all that is not as klatch wrote it from the promises. */
static void check_parts(GBytes *bytes)
{
	g_autoptr(GError) error = NULL;
	AUTO(object) livepatch = object_read_bytes(bytes, "livepatch", NULL);
	AUTO(tables) tables = livepatch ? tables_read(livepatch, NULL) : NULL;

	if (!tables)
		return;
	g_autoptr(GPtrArray) refusals = check_promises(&kernel, livepatch, tables, &error);
	g_assert_true((refusals == NULL) == (error != NULL));
}

/* Only bytes with the sum that they say are read. */
static void check_sum(const guint8 *data, gsize size)
{
	g_autofree guint8 *copy = g_memdup2(data, size);
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);
	AUTO(tables) tables = NULL;
	AUTO(object) livepatch = livepatch_read(bytes, "livepatch", &tables, NULL);

	g_assert_true(!livepatch == !tables);
	g_assert_true(seal_renew(copy, size) || !livepatch);
	g_assert_true(!livepatch || seal_look(copy, size) == SEAL_WHOLE ||
		      sign_content_size(data, size, NULL) != size);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);

	check_parts(bytes);
	check_sum(data, size);
	return 0;
}
