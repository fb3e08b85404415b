/*
 * Plots as SVG, for a page: dark on white, told apart by pattern and shape, each with its numbers.
 */
#ifndef KLATCH_COMPARE_PLOT_H
#define KLATCH_COMPARE_PLOT_H

#include <glib.h>

#define PLOT_SERIES 2

/* What the plots below refer to; once a page, before them. */
void plot_patterns(GString *page);

struct plot_bar {
	const char *name;
	double values[PLOT_SERIES]; /* one after the other */
};

/* Bars that lie, one a name.  series: what each part is; a NULL: there is no such part. */
void plot_bars(GString *page, const char *title, const char *unit, const char *const *series,
	       const struct plot_bar *bars, guint count);

struct plot_strip {
	const char *name;
	const GArray *numbers[PLOT_SERIES]; /* of guint64 */
};

/* Every number as a mark on a line, one line a name and series, with the median's value.  The scale
 * is logarithmic: numbers of seconds and of microseconds can be told apart. */
void plot_strips(GString *page, const char *title, const char *unit, const char *const *series,
		 const struct plot_strip *strips, guint count);

#endif
