/*
 * One stock kernel as klatch keeps it in its cache.
 *
 *	<cache>/packages/NAME.deb		kept for good: superseded versions leave the archive
 *	<cache>/sources/<package version>/	the unpacked linux-source, shared by flavours,
 *read-only <cache>/kernels/<release>/		one prepared kernel: kernel.ini	what this is
 *(GKeyFile; written last: a kernel without it is not there)
 *		image/		the unpacked linux-image: boot/vmlinuz-RELEASE,
 *lib/modules/<release>/ vmlinux		the ELF out of vmlinuz kallsyms	its symbols, in
 * /proc/kallsyms form and order Module.symvers	from the headers package build/		the prepared
 *output tree: .config, generated headers, objtool commands	the database of commands
 *(tree/commands.h) includes	the include index (tree/includes.h)
 *		late/DIGEST/	the kernel side of klatch compiled for this kernel (link/runtime.h)
 *
 *	<cache>/kernels/<release>+<name>/	a derived kernel: a prepared one with modules of an
 *						external directory among its own.  As above; what is
 *the same is a link to the prepared one
 *		source/		links to the source, and the directory as <name>/
 *
 * <cache> is $KLATCH_CACHE, else /var/cache/klatch for root, else $XDG_CACHE_HOME/klatch.
 */
#ifndef KLATCH_KERNEL_KERNEL_H
#define KLATCH_KERNEL_KERNEL_H

#include <glib.h>

#include "base/cleanup.h"

struct kernel {
	char *name;	     /* what klatch calls it: the release, "6.1.0-56-amd64+kt" if derived */
	char *release;	     /* "6.1.0-56-amd64", as uname -r says */
	char *version;	     /* package version, "6.1.192-2" */
	char *flavour;	     /* "amd64", "cloud-amd64", "rt-amd64" */
	char *compiler;	     /* the command that built it, "gcc-12" */
	char *compiler_text; /* CONFIG_CC_VERSION_TEXT */
	guint series;	     /* major * 1000 + minor of the upstream version: 6001 for 6.1 */
	gboolean image_only; /* image/, vmlinux and kallsyms are all there is of it */

	char *directory; /* <cache>/kernels/<name> */
	char *vmlinuz;	 /* paths below it, absolute */
	char *vmlinux;
	char *kallsyms;
	char *symvers;
	char *modules; /* .../image/lib/modules/<release> */
	char *build;
	char *commands;
	char *includes;
	char *late;
	char *source; /* <cache>/sources/<version>; of a derived one below its directory */
};

/*
 * Opens a prepared kernel by its name.  NULL: the running one.  KLATCH_ENVIRONMENT with the hint
 * "klatch kernel add RELEASE" if it is not in the cache or was prepared by another format version.
 */
struct kernel *kernel_open(const char *name, GError **error);

/* As kernel_open(), but takes also one of which only the image was added, to look at. */
struct kernel *kernel_open_image(const char *name, GError **error);
void kernel_free(struct kernel *kernel);
DEFINE_AUTO(kernel, kernel_free)

/* The cache directory (not created); where a kernel is in it; the running kernel's release ("" if
 * it can't be had).  Caller frees. */
char *kernel_cache(void);
char *kernel_directory(const char *name);
char *kernel_running(void);

/* The banner of the running kernel (/proc/version) if that is `release`, else NULL.  Caller frees.
 */
char *kernel_running_banner(const char *release);

/* What a release's name says: the flavour (static; NULL if none that is known), and the series as
 * in struct kernel (0 if it does not begin with two numbers). */
const char *kernel_flavour(const char *release);
guint kernel_series(const char *release);

/* The release of the kernel that a name of a derived one ("<release>+<name>") begins with, or NULL
 * if it is no such name.  Caller frees. */
char *kernel_base(const char *name);

/* KLATCH_USAGE unless a name is a release of a known flavour, or that of a derived kernel, and safe
 * as part of a path. */
gboolean kernel_check_release(const char *name, GError **error);

/* A kernel as it would be below a directory, for who adds one; kernel_save() writes its kernel.ini,
 * from when on it is there.  kernel_replace() renames a directory with one to where it belongs, in
 * place of what is there.  Its lock must be held. */
struct kernel *kernel_new(const char *name, const char *version, const char *compiler_text,
			  const char *directory);
gboolean kernel_save(const struct kernel *kernel, GError **error);
gboolean kernel_replace(const char *made, const char *directory, GError **error);

/* The names of those that are in the cache, those with an image only too, sorted; an empty array if
 * none.  Caller frees with g_ptr_array_unref(); elements are freed with it. */
GPtrArray *kernel_list(GError **error);

/* Removes a prepared kernel, and its source if no other kernel uses it; packages stay.
 * KLATCH_USAGE if others are derived from it. */
gboolean kernel_remove(const char *name, GError **error);

#endif
