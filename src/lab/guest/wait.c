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

bool wait_until(unsigned int seconds, bool (*done)(const void *what), const void *what)
{
	for (unsigned int waited = 0; waited < seconds * 1000; waited += INTERVAL) {
		if (done(what))
			return true;
		wait_milliseconds(INTERVAL);
	}
	return done(what);
}

uint64_t wait_clock(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}
