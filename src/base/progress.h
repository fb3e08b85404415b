/*
 * Progress: rooms say what they are doing; a command decides how to show it.
 */
#ifndef KLATCH_BASE_PROGRESS_H
#define KLATCH_BASE_PROGRESS_H

#include <glib.h>

/*
 * What a room calls while it works.  stage: short text in the present ("unpacking the source");
 * fraction: 0 to 1 of this stage, or negative when it is not known.  May come from one thread only.
 */
struct progress {
	void (*report)(struct progress *progress, const char *stage, double fraction);
};

/* Reports if progress is not NULL. */
static inline void progress_report(struct progress *progress, const char *stage, double fraction)
{
	if (progress)
		progress->report(progress, stage, fraction);
}

/*
 * A progress bar on stderr: drawn only if stderr is a terminal and the whole takes over two
 * seconds; erased by progress_bar_end().  Colour never with NO_COLOR set.  Otherwise silent.
 * The bar is also drawn for stages of unknown length, as a moving mark, and it moves on its own
 * while a room is busy.  NULL, which every room takes, if there is nothing to draw on.
 */
struct progress *progress_bar_new(void);
void progress_bar_end(struct progress *progress); /* erases and frees; NULL is fine */

#endif
