/*
 * The way of a kernel into the cache.
 */
#ifndef KLATCH_PREPARE_ADD_H
#define KLATCH_PREPARE_ADD_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/progress.h"
#include "kernel/kernel.h"
#include "kernel/packages.h"

struct kernel_add_result {
	struct kernel *kernel;
	GArray *stages; /* of struct timed_stage; none if it was prepared already */
};

/*
 * Prepares a kernel, unless it is; of one of which only the image is wanted, unpacks image and
 * modules.  Waits while another klatch prepares the same release.
 */
struct kernel_add_result *kernel_add(const struct packages_wish *wish, struct progress *progress,
				     GError **error);
void kernel_add_result_free(struct kernel_add_result *result);
DEFINE_AUTO(kernel_add_result, kernel_add_result_free)

#endif
