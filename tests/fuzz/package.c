/*
 * Any bytes as a package: refused, or unpacked below a directory.
 */
#include <unistd.h>

#include "base/files.h"
#include "kernel/deb.h"
#include "kernel/packages.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree char *path = g_strdup_printf("/dev/shm/klatch-fuzz-%d.deb", getpid());
	g_autofree char *place = g_strdup_printf("/dev/shm/klatch-fuzz-%d", getpid());
	AUTO(deb) deb = NULL;

	g_assert_true(files_write(path, data, size, NULL));
	deb = deb_read(path, NULL);
	packages_unpack(path, place, NULL, NULL);
	g_assert_true(files_remove_tree(place, NULL));
	unlink(path);
	return 0;
}
