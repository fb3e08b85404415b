/*
 * Any bytes as a finished livepatch, checked against a kernel that has next to nothing: refused, or
 * not read; and what it says it replaces can be told.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/files.h"
#include "check/check.h"
#include "elf/object.h"

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

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	int fd = memfd_create("livepatch", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	g_autoptr(GError) error = NULL, other = NULL;

	g_assert_cmpint(write(fd, data, size), ==, size);
	g_autoptr(GPtrArray) refusals = check_livepatch(&kernel, path, &error);
	g_autoptr(GPtrArray) objects = check_objects(path, &other);
	close(fd);
	g_assert_true((refusals == NULL) == (error != NULL));
	g_assert_true((objects == NULL) == (other != NULL));
	return 0;
}
