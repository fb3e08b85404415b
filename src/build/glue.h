/*
 * Policy split: what makes modprobe load each target's livepatch with its target.
 */
#ifndef KLATCH_BUILD_GLUE_H
#define KLATCH_BUILD_GLUE_H

#include <glib.h>

/* A file for /etc/modprobe.d (format: modprobe.d(5)), as text; lines for each target. */
GString *glue_begin(const char *name, const char *release);
void glue_add(GString *glue, const char *target, const char *livepatch);

#endif
