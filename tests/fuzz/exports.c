/*
 * Any bytes as Module.symvers: refused, or a table.
 */
#include <unistd.h>

#include "base/files.h"
#include "kernel/exports.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree char *path = g_strdup_printf("/dev/shm/klatch-fuzz-%d", getpid());

	g_assert_true(files_write(path, data, size, NULL));
	AUTO(exports) exports = exports_read(path, NULL);
	unlink(path);
	if (exports)
		exports_find(exports, "phys_base");
	return 0;
}
