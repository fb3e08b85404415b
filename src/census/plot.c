/*
 * Horizontal bars in groups, each with its figure at its end, and a legend above.
 */
#include "census/plot.h"

enum {
	WIDTH = 900,
	LABELS = 230, /* left of the axis */
	FIGURES = 60, /* right of the longest bar */
	BAR = 13,
	GAP = 9,    /* between groups */
	LEGEND = 4, /* entries a line */
	LEGEND_LINE = 18,
};

struct plot *plot_new(const char *title)
{
	struct plot *plot = g_new0(struct plot, 1);

	plot->title = title;
	plot->rows = g_ptr_array_new_with_free_func(g_free);
	plot->series = g_ptr_array_new_with_free_func(g_free);
	plot->values = g_array_new(FALSE, FALSE, sizeof(double));
	return plot;
}

void plot_free(struct plot *plot)
{
	g_ptr_array_unref(plot->rows);
	g_ptr_array_unref(plot->series);
	g_array_unref(plot->values);
	g_free(plot);
}

static double largest(const struct plot *plot)
{
	double most = 0;

	for (guint i = 0; i < plot->values->len; i++)
		most = MAX(most, g_array_index(plot->values, double, i));
	return most > 0 ? most : 1;
}

static void append_escaped(GString *page, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void append_escaped(GString *page, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_markup_vprintf_escaped(format, args);
	va_end(args);
	g_string_append(page, text);
}

static void append_legend(const struct plot *plot, GString *page)
{
	for (guint i = 0; i < plot->series->len; i++) {
		guint x = i % LEGEND * (WIDTH / LEGEND), y = i / LEGEND * LEGEND_LINE;

		append_escaped(page,
			       "<rect class=\"bar\" x=\"%u\" y=\"%u\" width=\"22\" "
			       "height=\"12\" fill=\"url(#p%u)\"/><text x=\"%u\" y=\"%u\">%s"
			       "</text>\n",
			       x + 1, y + 2, i, x + 30, y + 12, (char *)plot->series->pdata[i]);
	}
}

/* Shares are of very different size: two digits that mean something. */
static void append_bar(GString *page, guint y, guint series, double value, double width)
{
	char figure[G_ASCII_DTOSTR_BUF_SIZE];

	g_ascii_formatd(figure, sizeof(figure), value < 10 ? "%.2f" : "%.1f", value);
	append_escaped(page,
		       "<rect class=\"bar\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" "
		       "fill=\"url(#p%u)\"/><text class=\"value\" x=\"%u\" y=\"%u\">%s %%</text>\n",
		       LABELS, y, (guint)width, BAR - 3, series, LABELS + (guint)width + 5,
		       y + BAR - 4, figure);
}

void plot_append(const struct plot *plot, GString *page)
{
	guint legend = (plot->series->len + LEGEND - 1) / LEGEND * LEGEND_LINE + GAP;
	guint group = plot->series->len * BAR + GAP, height = legend + plot->rows->len * group;
	double scale = (WIDTH - LABELS - FIGURES) / largest(plot);

	append_escaped(page,
		       "<svg viewBox=\"0 0 %u %u\" role=\"img\" aria-label=\"%s\">\n<title>%s"
		       "</title>\n",
		       WIDTH, height, plot->title, plot->title);
	append_legend(plot, page);
	for (guint row = 0; row < plot->rows->len; row++) {
		guint y = legend + row * group;

		append_escaped(page, "<text x=\"%u\" y=\"%u\" text-anchor=\"end\">%s</text>\n",
			       LABELS - 8, y + (group - GAP) / 2 + 4,
			       (char *)plot->rows->pdata[row]);
		for (guint i = 0; i < plot->series->len; i++) {
			double value =
				g_array_index(plot->values, double, row * plot->series->len + i);

			append_bar(page, y + i * BAR, i, value, value * scale);
		}
	}
	append_escaped(page,
		       "<line class=\"axis\" x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\"/>\n</svg>\n",
		       LABELS, legend - 4, LABELS, height - GAP + 2);
}
