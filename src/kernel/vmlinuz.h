/*
 * The image on disk: a bzImage (Documentation/arch/x86/boot.rst) whose payload is a compressed ELF.
 */
#ifndef KLATCH_KERNEL_VMLINUZ_H
#define KLATCH_KERNEL_VMLINUZ_H

#include <glib.h>

/* The ELF vmlinux out of a bzImage (xz, zstd, gzip, lz4, lzma, bzip2 as libarchive reads them),
 * cut to the ELF's own size.  KLATCH_INPUT if it is not one.  Caller unrefs. */
GBytes *vmlinuz_extract(GBytes *vmlinuz, const char *path, GError **error);

/* The version banner ("Linux version ...") in a raw vmlinux, or NULL.  Caller frees. */
char *vmlinuz_banner(GBytes *vmlinux);

#endif
