/*
 * Any bytes as a kernel image on disk: refused, or unpacked to a whole ELF; and as a vmlinux that
 * may hold a banner.
 */
#include <string.h>

#include "kernel/vmlinuz.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
	g_autoptr(GBytes) vmlinux = vmlinuz_extract(bytes, "fuzz", NULL);
	g_autofree char *banner = vmlinuz_banner(vmlinux ? vmlinux : bytes);

	g_assert_true(!vmlinux || g_bytes_get_size(vmlinux) >= 64);
	g_assert_true(!banner || g_str_has_prefix(banner, "Linux version "));
	return 0;
}
