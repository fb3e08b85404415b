/*
 * Any bytes as a kernel image: refused, or decoded to symbols that are written and read back the
 * same.
 */
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "kernel/kallsyms.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
	AUTO(kallsyms) kallsyms = kallsyms_decode(bytes, "fuzz", NULL);

	if (!kallsyms)
		return 0;
	g_autofree char *path = g_strdup_printf("/dev/shm/klatch-fuzz-%d", getpid());
	g_autofree char *text = kallsyms_format(kallsyms);
	g_assert_true(files_write(path, text, strlen(text), NULL));
	AUTO(kallsyms) again = kallsyms_read(path, NULL);
	unlink(path);
	g_assert_nonnull(again);
	g_autofree char *text_again = kallsyms_format(again);
	g_assert_cmpstr(text, ==, text_again);
	return 0;
}
