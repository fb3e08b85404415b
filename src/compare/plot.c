/*
 * Plots: a title, a legend, then a line a name.
 */
#include "compare/plot.h"

#include <math.h>

#include "compare/comparison.h"

#define WIDTH 900
#define LEFT  90		   /* where names end and values begin */
#define SPAN  (WIDTH - LEFT - 190) /* of the largest value; behind it stand numbers */
#define TOP   52
#define LINE  26

void plot_patterns(GString *page)
{
	g_string_append(page,
			"<svg width=0 height=0><defs><pattern id=hatch width=6 height=6 "
			"patternUnits=userSpaceOnUse patternTransform=\"rotate(45)\">"
			"<rect width=6 height=6 fill=#fff /><line x1=0 y1=0 x2=0 y2=6 stroke=#111 "
			"stroke-width=2 /></pattern></defs></svg>\n");
}

static void begin(GString *page, const char *title, guint lines)
{
	int height = TOP + (int)lines * LINE + 8;

	g_string_append_printf(page,
			       "<svg role=img aria-label=\"%s\" viewBox=\"0 0 %d %d\" width=%d "
			       "height=%d xmlns=\"http://www.w3.org/2000/svg\">\n"
			       "<text x=0 y=16 style=\"font-weight:bold\">%s</text>\n",
			       title, WIDTH, height, WIDTH, height, title);
}

static void begin_line(GString *page, const char *name, int y)
{
	g_string_append_printf(page, "<text x=%d y=%d text-anchor=end>%s</text>\n", LEFT - 8,
			       y + 15, name);
}

/* --- bars ------------------------------------------------------------------------------------ */

static void add_bar(GString *page, guint series, double x, int y, double width, int height)
{
	g_string_append_printf(
		page, "<rect x=%.1f y=%d width=%.1f height=%d fill=\"%s\" stroke=#111 />\n", x, y,
		width, height, series ? "url(#hatch)" : "#444");
}

static void bars_legend(GString *page, const char *const *series)
{
	for (guint i = 0; i < PLOT_SERIES && series[i]; i++) {
		add_bar(page, i, LEFT + 220.0 * i, 28, 22, 13);
		g_string_append_printf(page, "<text x=%d y=39>%s</text>\n",
				       LEFT + 220 * (int)i + 30, series[i]);
	}
}

static double largest_bar(const struct plot_bar *bars, guint count)
{
	double largest = 1;

	for (guint i = 0; i < count; i++)
		largest = MAX(largest, bars[i].values[0] + bars[i].values[1]);
	return largest;
}

void plot_bars(GString *page, const char *title, const char *unit, const char *const *series,
	       const struct plot_bar *bars, guint count)
{
	double scale = SPAN / largest_bar(bars, count);

	begin(page, title, count);
	bars_legend(page, series);
	for (guint i = 0; i < count; i++) {
		const double *values = bars[i].values;
		int y = TOP + (int)i * LINE;
		double x = LEFT;

		begin_line(page, bars[i].name, y);
		for (guint j = 0; j < PLOT_SERIES; j++) {
			if (values[j] > 0)
				add_bar(page, j, x, y + 3, values[j] * scale, LINE - 9);
			x += values[j] * scale;
		}
		g_string_append_printf(page, "<text x=%.1f y=%d>%.0f", x + 8, y + 15, values[0]);
		if (series[1])
			g_string_append_printf(page, " + %.0f", values[1]);
		g_string_append_printf(page, " %s</text>\n", unit);
	}
	g_string_append(page, "</svg>\n");
}

/* --- strips ---------------------------------------------------------------------------------- */

/* A circle, or a cross. */
static void add_mark(GString *page, guint series, double x, int y)
{
	if (series)
		g_string_append_printf(page,
				       "<path d=\"M%.1f %dl8 8m0 -8l-8 8\" stroke=#111 "
				       "stroke-width=1.6 fill=none />\n",
				       x - 4, y - 4);
	else
		g_string_append_printf(page, "<circle cx=%.1f cy=%d r=4 fill=none stroke=#111 />\n",
				       x, y);
}

static void strips_legend(GString *page, const char *const *series)
{
	for (guint i = 0; i < PLOT_SERIES; i++) {
		add_mark(page, i, LEFT + 11 + 220.0 * i, 35);
		g_string_append_printf(page, "<text x=%d y=39>%s</text>\n",
				       LEFT + 220 * (int)i + 30, series[i]);
	}
}

/* From the smallest of all numbers to the largest. */
struct range {
	double low, high;
};

static struct range find_range(const struct plot_strip *strips, guint count)
{
	struct range range = {G_MAXDOUBLE, 1};

	for (guint i = 0; i < count * PLOT_SERIES; i++) {
		const GArray *numbers = strips[i / PLOT_SERIES].numbers[i % PLOT_SERIES];

		for (guint j = 0; j < numbers->len; j++) {
			double number = MAX((double)g_array_index(numbers, guint64, j), 1);

			range.low = MIN(range.low, number);
			range.high = MAX(range.high, number);
		}
	}
	range.low = MIN(range.low, range.high / 10);
	return range;
}

static double position(const struct range *range, guint64 number)
{
	return LEFT +
	       SPAN * log(MAX((double)number, 1) / range->low) / log(range->high / range->low);
}

/* Each power of ten. */
static void add_scale(GString *page, const struct range *range, int bottom, const char *unit)
{
	for (double power = 1; power <= range->high; power *= 10) {
		double x = position(range, (guint64)power);

		if (power < range->low)
			continue;
		g_string_append_printf(page,
				       "<line x1=%.1f y1=%d x2=%.1f y2=%d stroke=#999 "
				       "stroke-dasharray=\"2 3\" />\n"
				       "<text x=%.1f y=%d text-anchor=middle>%.0f %s</text>\n",
				       x, TOP, x, bottom, x, bottom + 16, power, unit);
	}
}

static void add_strip(GString *page, const GArray *numbers, guint series, const struct range *range,
		      int y, const char *unit)
{
	double x = position(range, comparison_median(numbers));

	g_string_append_printf(page, "<line x1=%d y1=%d x2=%d y2=%d stroke=#999 />\n", LEFT, y,
			       LEFT + SPAN, y);
	for (guint i = 0; i < numbers->len; i++)
		add_mark(page, series, position(range, g_array_index(numbers, guint64, i)), y);
	if (numbers->len)
		g_string_append_printf(page,
				       "<line x1=%.1f y1=%d x2=%.1f y2=%d stroke=#111 "
				       "stroke-width=3 />\n<text x=%d y=%d>%" G_GUINT64_FORMAT
				       " %s</text>\n",
				       x, y - 9, x, y + 9, LEFT + SPAN + 14, y + 5,
				       comparison_median(numbers), unit);
	else
		g_string_append_printf(page, "<text x=%d y=%d>none</text>\n", LEFT + SPAN + 14,
				       y + 5);
}

void plot_strips(GString *page, const char *title, const char *unit, const char *const *series,
		 const struct plot_strip *strips, guint count)
{
	struct range range = find_range(strips, count);

	begin(page, title, count * PLOT_SERIES + 1);
	strips_legend(page, series);
	add_scale(page, &range, TOP + (int)(count * PLOT_SERIES) * LINE, unit);
	for (guint i = 0; i < count; i++) {
		int y = TOP + (int)i * PLOT_SERIES * LINE;

		begin_line(page, strips[i].name, y);
		for (guint j = 0; j < PLOT_SERIES; j++)
			add_strip(page, strips[i].numbers[j], j, &range,
				  y + (int)j * (LINE - 4) + 10, unit);
	}
	g_string_append(page, "</svg>\n");
}
