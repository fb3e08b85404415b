/*
 * The page: what it is about, plots, the table, how each row was got.
 */
#include "compare/page.h"

#include <string.h>

#include "compare/plot.h"
#include "compare/template.h"

static const char style[] =
	"body{font:15px/1.45 sans-serif;color:#111;background:#fff;max-width:76em;margin:2em auto;"
	"padding:0 1em}"
	"h1{font-size:1.5em}h2{font-size:1.2em;margin:2em 0 .5em}"
	"table{border-collapse:collapse;width:100%;table-layout:fixed}"
	"th,td{border:1px solid #888;padding:.35em .5em;text-align:left;vertical-align:top;"
	"overflow-wrap:anywhere;font-size:.82em}"
	"th:first-child,td:first-child{width:19%}"
	"thead th{background:#eee}tr.group th{background:#ddd;font-size:.95em}"
	"td small{display:block;white-space:pre-wrap;color:#222;margin-top:.3em}"
	"td.failed{border-left:5px double #111}td.failed b{text-decoration:underline}"
	"th small{display:block;font-weight:normal;color:#222}"
	"svg{display:block;max-width:100%;margin:.5em 0 1.5em}svg text{font:13px sans-serif;"
	"fill:#111}"
	"@media print{body{margin:0;max-width:none;font-size:11px}tr,svg{break-inside:avoid}}"
	"@page{size:landscape;margin:12mm}";

static void add_escaped(GString *page, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autofree char *escaped = g_markup_escape_text(valid, -1);

	g_string_append(page, escaped);
}

/* The first line stands out, the others below. */
static void add_cell(GString *page, const char *cell)
{
	gsize first = strcspn(cell, "\n");
	g_autofree char *head = g_strndup(cell, first);

	g_string_append(page,
			g_str_has_prefix(cell, "FAILED") ? "<td class=failed><b>" : "<td><b>");
	add_escaped(page, head);
	g_string_append(page, "</b>");
	if (cell[first]) {
		g_string_append(page, "<small>");
		add_escaped(page, cell + first + 1);
		g_string_append(page, "</small>");
	}
	g_string_append(page, "</td>");
}

static void add_row(GString *page, const struct row *row)
{
	g_string_append(page, "<tr><th scope=row>");
	add_escaped(page, row->title);
	g_string_append(page, "<small>");
	add_escaped(page, row->how);
	g_string_append(page, "</small></th>");
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++)
		add_cell(page, row->cells[i]);
	g_string_append(page, "</tr>\n");
}

static void add_table(GString *page, const struct comparison *comparison, const struct table *table)
{
	const char *group = NULL;

	g_string_append(page, "<table><thead><tr><th></th>");
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++)
		g_string_append_printf(page, "<th scope=col>%s</th>",
				       comparison->contenders[i].name);
	g_string_append(page, "</tr></thead>\n<tbody>\n");
	for (guint i = 0; i < table->rows->len; i++) {
		const struct row *row = table->rows->pdata[i];

		if (row->group != group)
			g_string_append_printf(page,
					       "<tr class=group><th colspan=%d>%s</th></tr>\n",
					       KLATCH_NR_POLICIES + 1, row->group);
		group = row->group;
		add_row(page, row);
	}
	g_string_append(page, "</tbody></table>\n");
}

/* --- plots ----------------------------------------------------------------------------------- */

static guint count_trials(const struct contender *contender, enum trial_result result)
{
	guint count = 0;

	for (guint i = 0; i < contender->trials->len; i++) {
		const struct trial *trial = contender->trials->pdata[i];

		count += trial->result == result;
	}
	return count;
}

static void plot_scenarios(GString *page, const struct comparison *comparison)
{
	static const char *const series[] = {"passed", "failed"};
	struct plot_bar bars[KLATCH_NR_POLICIES];

	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		const struct contender *contender = &comparison->contenders[i];

		bars[i] = (struct plot_bar){contender->name,
					    {count_trials(contender, TRIAL_PASSED),
					     count_trials(contender, TRIAL_FAILED)}};
	}
	plot_bars(page, "Scenarios", "scenarios", series, bars, KLATCH_NR_POLICIES);
}

static void plot_lines(GString *page, const struct comparison *comparison)
{
	static const char *const series[] = {"kernel side", "builder"};
	struct plot_bar bars[KLATCH_NR_POLICIES];

	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		const struct contender *contender = &comparison->contenders[i];

		bars[i] = (struct plot_bar){
			contender->name, {contender->cost->kernel_side, contender->cost->builder}};
	}
	plot_bars(page, "Lines of code", "lines", series, bars, KLATCH_NR_POLICIES);
}

static void plot_memory(GString *page, const struct comparison *comparison)
{
	static const char *const series[] = {"livepatches", NULL};
	struct plot_bar bars[KLATCH_NR_POLICIES];

	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		const struct contender *contender = &comparison->contenders[i];

		bars[i] = (struct plot_bar){contender->name, {(double)contender->memory, 0}};
	}
	plot_bars(page, "Memory", "bytes", series, bars, KLATCH_NR_POLICIES);
}

static void plot_loads(GString *page, const struct comparison *comparison)
{
	static const char *const series[] = {"without the livepatch", "under it, until patched"};
	struct plot_strip strips[KLATCH_NR_POLICIES];

	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		const struct contender *contender = &comparison->contenders[i];

		strips[i] = (struct plot_strip){contender->name,
						{contender->plain, contender->patched}};
	}
	plot_strips(page, "Loads of the target, each of them, and the median", "µs", series, strips,
		    KLATCH_NR_POLICIES);
}

/* --------------------------------------------------------------------------------------------- */

static void add_head(GString *page, const struct comparison *comparison)
{
	g_string_append(page, "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8>\n<title>");
	add_escaped(page, comparison->patch);
	g_string_append_printf(page, ": policies for late modules</title>\n<style>%s</style>\n",
			       style);
	g_string_append(page, "<h1>Late modules: each policy with one patch</h1>\n<p>");
	add_escaped(page, comparison->patch);
	g_string_append_printf(
		page,
		" changes the module <b>%s</b>; kernel <b>%s</b>, in virtual machines "
		"(%s). Made by <code>klatch compare -k %s ",
		comparison->target, comparison->release, comparison->accelerator,
		comparison->release);
	add_escaped(page, comparison->patch);
	g_string_append(page,
			"</code>. Every cell was measured or counted in that run; what each row "
			"is stands beside it. <b>kernel</b> is the kernel's own behaviour with "
			"nothing added.</p>\n");
}

char *page_make(const struct comparison *comparison, const struct table *table)
{
	GString *page = g_string_new(NULL);

	add_head(page, comparison);
	g_string_append(page, "<h2>At a glance</h2>\n");
	plot_patterns(page);
	plot_scenarios(page, comparison);
	plot_loads(page, comparison);
	plot_lines(page, comparison);
	plot_memory(page, comparison);
	g_string_append(page, "<h2>The table</h2>\n");
	add_table(page, comparison, table);
	g_string_append(page, "</html>\n");
	return g_string_free(page, FALSE);
}
