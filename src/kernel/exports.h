/*
 * Module.symvers: what vmlinux and modules export, with CRCs.  Format: scripts/mod/modpost.c
 * (write_dump): "0xCRC\tname\tobject\tEXPORT_SYMBOL[_GPL]\tnamespace".
 */
#ifndef KLATCH_KERNEL_EXPORTS_H
#define KLATCH_KERNEL_EXPORTS_H

#include <glib.h>

#include "base/cleanup.h"

struct export
{
	const char *name;
	const char *object;	/* "vmlinux", or a module's name ('-' as '_', no directory) */
	const char *name_space; /* "" if none */
	guint32 crc;
	gboolean gpl;
};

struct exports;

struct exports *exports_read(const char *symvers, GError **error);
void exports_free(struct exports *exports);
DEFINE_AUTO(exports, exports_free)

/* The export of a name, or NULL.  Borrowed. */
const struct export *exports_find(const struct exports *exports, const char *name);

#endif
