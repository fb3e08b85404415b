/*
 * The modules of a stock kernel as installed: names, files, dependencies (through libkmod), and
 * their objects.  Compressed modules (.ko.xz, .ko.zst) are unpacked in memory.
 */
#ifndef KLATCH_KERNEL_MODULES_H
#define KLATCH_KERNEL_MODULES_H

#include <glib.h>

#include "elf/object.h"
#include "kernel/kernel.h"

/* Makes the indexes that the functions below need (depmod) for the modules of a release, in
 * <image>/lib/modules/. */
gboolean modules_index(const char *image, const char *release, GError **error);

/* The file of a module ('-' and '_' are the same).  NULL with KLATCH_INPUT if there is none.
 * Caller frees. */
char *modules_path(const struct kernel *kernel, const char *name, GError **error);

struct module_file {
	char *name; /* of the module, '-' as '_' */
	char *path;
};

/* Every module, the largest file first.  Array of struct module_file, owned. */
GPtrArray *modules_files(const struct kernel *kernel, GError **error);

/* The content of a module's file, unpacked if need be.  From any thread. */
GBytes *modules_unpack(GBytes *file, const char *path, GError **error);
GBytes *modules_file_bytes(const char *path, GError **error);

/* The same of a module by its name. */
GBytes *modules_bytes(const struct kernel *kernel, const char *name, GError **error);
struct object *modules_object(const struct kernel *kernel, const char *name, GError **error);

/* The names of the modules that have a symbol of another object by its name, sorted.  Reads all
 * modules.  Array of char *, owned. */
GPtrArray *modules_importing(const struct kernel *kernel, const char *symbol, GError **error);

/*
 * The names of the modules to load before this one, in order of loading, itself last (soft
 * dependencies left out).  Array of char *, owned.
 */
GPtrArray *modules_dependencies(const struct kernel *kernel, const char *name, GError **error);

/*
 * The names of the modules that it, or what it depends on, wants to be loaded first if that is
 * possible (MODULE_SOFTDEP "pre"), in order of loading.  Array of char *, owned.
 */
GPtrArray *modules_soft_dependencies(const struct kernel *kernel, const char *name, GError **error);

struct module_alias {
	char *alias; /* a pattern, "crypto-sha256" */
	char *name;  /* of the module */
};

/* The aliases that begin with a prefix: by them the kernel asks for modules.  Array of struct
 * module_alias, owned. */
GPtrArray *modules_aliases(const struct kernel *kernel, const char *prefix, GError **error);

/* A field of .modinfo ("vermagic", "depends", "name"), or NULL.  Caller frees. */
char *modules_info(const struct object *module, const char *field);

/* All of a field that may be there more than once.  Array of char *, owned. */
GPtrArray *modules_info_all(const struct object *module, const char *field);

#endif
