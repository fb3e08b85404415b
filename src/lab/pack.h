/*
 * The initramfs of a trial: the guest, the plan, and every file that the plan needs in the machine.
 */
#ifndef KLATCH_LAB_PACK_H
#define KLATCH_LAB_PACK_H

#include <glib.h>

#include "lab/lab.h"

gboolean pack(const struct lab_trial *trial, const char *path, GError **error);

#endif
