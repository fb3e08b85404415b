/*
 * Waiting for the kernel.
 */
#include "guest.h"

#include <time.h>

#define INTERVAL 20 /* milliseconds */

void wait_milliseconds(unsigned int milliseconds)
{
	struct timespec time = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = (long)(milliseconds % 1000) * 1000000,
	};

	nanosleep(&time, NULL);
}

bool wait_until(struct guest *guest, unsigned int seconds, bool (*done)(struct guest *guest))
{
	for (unsigned int waited = 0; waited < seconds * 1000; waited += INTERVAL) {
		if (done(guest))
			return true;
		wait_milliseconds(INTERVAL);
	}
	return done(guest);
}
