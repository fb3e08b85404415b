/*
 * klatch census --patches: what share of fixes needs each feature.
 */
#ifndef KLATCH_CMD_CENSUS_PATCHES_H
#define KLATCH_CMD_CENSUS_PATCHES_H

#include <glib.h>

/*
 * Finds the functions that each patch below a directory changes, on the first of the kernels that
 * it applies to (NULL: the running one), counts what they hold, and prints it.
 */
gboolean census_patches(const char *directory, char **kernels, gboolean json, GError **error);

#endif
