/*
 * Changes to the running machine: a livepatch is loaded, a transition begun, watched, turned back
 * or forced, a module removed.
 */
#ifndef KLATCH_HOST_CHANGE_H
#define KLATCH_HOST_CHANGE_H

#include <glib.h>

#include "base/progress.h"
#include "host/host.h"
#include "host/livepatch.h"

/*
 * Has the kernel load a livepatch's file, which enables it; the transition goes on when this
 * returns.  KLATCH_REFUSED in the kernel's own words if it won't have it, KLATCH_ENVIRONMENT if it
 * can't be asked.
 */
gboolean host_load(const struct host *host, const char *path, GError **error);

/*
 * Begins to enable or disable; of the livepatch that is in transition this turns the transition
 * round.  KLATCH_REFUSED if the kernel won't, as when another one is in transition.
 */
gboolean host_enable(const struct host *host, const char *name, gboolean enable, GError **error);

/* Ends a transition by force: tasks in replaced functions go on in them.  If the way leads out of a
 * livepatch its module stays for good. */
gboolean host_force(const struct host *host, const char *name, GError **error);

/* Removes the module of a disabled livepatch; waits for the kernel to let go of it. */
gboolean host_remove(const struct host *host, const char *name, GError **error);

/*
 * Waits until a livepatch is no more in transition, or for some seconds (negative: as long as it
 * takes).  Reports the share of tasks that are where they are to be.  Returns whether the
 * transition has ended.
 */
gboolean host_wait(const struct host *host, const char *name, double seconds,
		   struct progress *progress);

#endif
