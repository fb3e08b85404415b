/*
 * Bars in SVG, told apart by pattern and read by their figures: no colour is needed.  For this
 * room.
 */
#ifndef KLATCH_CENSUS_PLOT_H
#define KLATCH_CENSUS_PLOT_H

#include <glib.h>

#define PLOT_SERIES 6 /* as many patterns as the page has */

struct plot {
	const char *title; /* for those who can't see it */
	GPtrArray *rows;   /* of char *, owned: what each group of bars is of */
	GPtrArray *series; /* of char *, owned: what each bar of a group is; at most PLOT_SERIES */
	GArray *values;	   /* of double, in per cent: row by row, of each series */
};

struct plot *plot_new(const char *title);
void plot_free(struct plot *plot);
void plot_append(const struct plot *plot, GString *page);

#endif
