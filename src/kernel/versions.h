/*
 * What the parts of a kernel say of their version: they must all say the same.
 */
#ifndef KLATCH_KERNEL_VERSIONS_H
#define KLATCH_KERNEL_VERSIONS_H

#include <glib.h>

/* CONFIG_CC_VERSION_TEXT of a headers package (a directory with .config).  Caller frees. */
char *versions_compiler(const char *headers, GError **error);

/* The package version that a banner ends with ("... Debian 6.1.192-2 (2026-11-16)"), or NULL.
 * Caller frees. */
char *versions_of_banner(const char *banner);

/*
 * Checks what is known of an image alone: that its banner says this release and this package
 * version.  Returns the compiler that the banner names, as CONFIG_CC_VERSION_TEXT does; NULL with
 * KLATCH_INPUT.  Caller frees.
 */
char *versions_check_image(const char *release, const char *version, const char *banner,
			   GError **error);

/*
 * Checks the generated headers of the headers package, its compiler, and the banner in the image
 * against release and package version and each other; and `running`, what /proc/version says if
 * this kernel is the one that runs, else NULL.  KLATCH_INPUT naming the two that differ.
 */
gboolean versions_check(const char *release, const char *version, const char *headers,
			const char *banner, const char *running, GError **error);

#endif
