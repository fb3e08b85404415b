/*
 * Devices that come and go while a machine runs: the guest asks for them over its report, QEMU is
 * told over its monitor.
 */
#ifndef KLATCH_LAB_PLUGS_H
#define KLATCH_LAB_PLUGS_H

#include <glib.h>

#include "base/cleanup.h"

struct plugs;

/*
 * Waits for QEMU to open its sockets, and then answers each request, in a thread of its own.
 * report: the socket of the guest's report; monitor: that of QEMU's monitor (QMP).
 */
struct plugs *plugs_new(const char *report, const char *monitor);

/* Once QEMU has ended. */
void plugs_free(struct plugs *plugs);
DEFINE_AUTO(plugs, plugs_free)

#endif
