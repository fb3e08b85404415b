/*
 * The page: what a set of kernels has, drawn and in tables.  Nothing in it is fetched from
 * elsewhere.
 */
#include <gio/gio.h>
#include <string.h>

#include "census/census.h"
#include "census/plot.h"

#define TEMPLATE	"/klatch/census/page.html"
#define BODY		"<!--BODY-->"
#define MOST_SUBSYSTEMS 16
#define MOST_KEYS	20

/* What is plotted by kernel. */
static const enum census_mark by_kernel[] = {
	CENSUS_JUMP,	    CENSUS_JUMP_DYNDBG,	  CENSUS_JUMP_TRACEPOINT,
	CENSUS_JUMP_KEY,    CENSUS_CALL,	  CENSUS_CALL_TRACEPOINT,
	CENSUS_ALTERNATIVE, CENSUS_PARAVIRT,	  CENSUS_CONSTANT,
	CENSUS_BUG,	    CENSUS_EXTABLE,	  CENSUS_SMP_LOCK,
	CENSUS_RETPOLINE,   CENSUS_NOT_TRACEABLE, CENSUS_NAME_SHARED,
};

/* What is plotted by subsystem and by size. */
static const enum census_mark by_place[] = {
	CENSUS_JUMP_DYNDBG, CENSUS_JUMP_TRACEPOINT, CENSUS_JUMP_KEY,
	CENSUS_CALL,	    CENSUS_ALTERNATIVE,	    CENSUS_BUG,
};
G_STATIC_ASSERT(G_N_ELEMENTS(by_place) <= PLOT_SERIES);

static const struct census *census_at(const GPtrArray *censuses, guint index)
{
	return g_ptr_array_index(censuses, index);
}

static void append(GString *page, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void append(GString *page, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_markup_vprintf_escaped(format, args);
	va_end(args);
	g_string_append(page, text);
}

/* "jump label: of a tracepoint" for a detail. */
static char *full_name(enum census_mark mark)
{
	const struct census_meaning *meaning = census_meaning(mark);
	enum census_mark head = mark;

	while (census_meaning(head)->detail)
		head--;
	return head == mark ? g_strdup(meaning->text)
			    : g_strdup_printf("%s %s", census_meaning(head)->text, meaning->text);
}

static void add_value(struct plot *plot, const struct census_group *group, enum census_mark mark)
{
	double value = 100 * census_share(group, mark);

	g_array_append_val(plot->values, value);
}

static void append_by_kernel(const GPtrArray *censuses, GString *page)
{
	struct plot *plot = plot_new("Share of functions by feature and kernel");

	for (guint i = 0; i < MIN(censuses->len, PLOT_SERIES); i++)
		g_ptr_array_add(plot->series, g_strdup(census_at(censuses, i)->release));
	for (gsize mark = 0; mark < G_N_ELEMENTS(by_kernel); mark++) {
		g_ptr_array_add(plot->rows, full_name(by_kernel[mark]));
		for (guint i = 0; i < plot->series->len; i++)
			add_value(plot, &census_at(censuses, i)->all, by_kernel[mark]);
	}
	plot_append(plot, page);
	plot_free(plot);
}

static void append_groups(const char *title, const GPtrArray *groups, GString *page)
{
	struct plot *plot = plot_new(title);

	for (gsize mark = 0; mark < G_N_ELEMENTS(by_place); mark++)
		g_ptr_array_add(plot->series, full_name(by_place[mark]));
	for (guint i = 0; i < groups->len; i++) {
		const struct census_group *group = g_ptr_array_index(groups, i);

		g_ptr_array_add(plot->rows, g_strdup_printf("%s (%" G_GUINT64_FORMAT ")",
							    group->name, group->functions));
		for (gsize mark = 0; mark < G_N_ELEMENTS(by_place); mark++)
			add_value(plot, group, by_place[mark]);
	}
	plot_append(plot, page);
	plot_free(plot);
}

static gint compare_functions(gconstpointer a, gconstpointer b)
{
	const struct census_group *left = *(struct census_group *const *)a;
	const struct census_group *right = *(struct census_group *const *)b;

	if (left->functions != right->functions)
		return left->functions < right->functions ? 1 : -1;
	return strcmp(left->name, right->name);
}

static void append_subsystems(const struct census *census, GString *page)
{
	g_autoptr(GPtrArray) largest = g_ptr_array_new();

	for (guint i = 0; i < census->subsystems->len; i++)
		g_ptr_array_add(largest, g_ptr_array_index(census->subsystems, i));
	g_ptr_array_sort(largest, compare_functions);
	g_ptr_array_set_size(largest, (gint)MIN(largest->len, MOST_SUBSYSTEMS));
	append_groups("Share of functions by subsystem", largest, page);
}

static gboolean is_anywhere(const GPtrArray *censuses, enum census_mark mark)
{
	for (guint i = 0; i < censuses->len; i++) {
		const struct census_count *count = &census_at(censuses, i)->all.of[mark];

		if (count->entries || count->functions)
			return TRUE;
	}
	return FALSE;
}

static void append_cells(const struct census *before, const struct census *census,
			 enum census_mark mark, GString *page)
{
	const struct census_count *count = &census->all.of[mark];
	const char *trend = before ? census_trend(&before->all, &census->all, mark) : NULL;

	if (census_meaning(mark)->entries_only)
		append(page, "<td>-</td>");
	else
		append(page, "<td>%.2f %%</td>", 100 * census_share(&census->all, mark));
	append(page, "<td>%" G_GUINT64_FORMAT "</td><td>%" G_GUINT64_FORMAT "</td>", count->entries,
	       count->objects);
	if (before)
		append(page, "<td class=\"word\">%s</td>", trend ? trend : "");
}

static void append_rows(const GPtrArray *censuses, GString *page)
{
	for (guint mark = 0; mark < CENSUS_MARKS; mark++) {
		const struct census_meaning *meaning = census_meaning(mark);

		if (!is_anywhere(censuses, mark))
			continue;
		append(page, "<tr><td class=\"%s\">%s</td>", meaning->detail ? "detail" : "text",
		       meaning->text);
		for (guint i = 0; i < censuses->len; i++)
			append_cells(i ? census_at(censuses, i - 1) : NULL, census_at(censuses, i),
				     mark, page);
		g_string_append(page, "</tr>\n");
	}
}

static void append_table(const GPtrArray *censuses, GString *page)
{
	g_string_append(page, "<div class=\"wide\"><table>\n<tr><th></th>");
	for (guint i = 0; i < censuses->len; i++)
		append(page, "<th colspan=\"%d\">%s</th>", i ? 4 : 3,
		       census_at(censuses, i)->release);
	g_string_append(page, "</tr>\n<tr><th></th>");
	for (guint i = 0; i < censuses->len; i++)
		g_string_append(page, i ? "<th>of functions</th><th>entries</th><th>objects</th>"
					  "<th></th>"
					: "<th>of functions</th><th>entries</th><th>objects</th>");
	g_string_append(page, "</tr>\n");
	append_rows(censuses, page);
	g_string_append(page, "</table></div>\n");
}

static void append_late(const GPtrArray *censuses, GString *page)
{
	g_string_append(page, "<table class=\"small\">\n<tr><th>kernel</th><th>modules</th>"
			      "<th>functions of modules</th><th>refer to at least one</th>"
			      "<th>mean of those</th></tr>\n");
	for (guint i = 0; i < censuses->len; i++) {
		const struct census_group *modules = &census_at(censuses, i)->modules;
		guint64 holders = modules->of[CENSUS_LATE].functions;

		append(page,
		       "<tr><td>%s</td><td>%" G_GUINT64_FORMAT "</td><td>%" G_GUINT64_FORMAT
		       "</td><td>%.1f %%</td><td>%.1f</td></tr>\n",
		       census_at(censuses, i)->release, modules->objects, modules->functions,
		       100 * census_share(modules, CENSUS_LATE),
		       holders ? (double)modules->references / (double)holders : 0);
	}
	g_string_append(page, "</table>\n");
}

static void append_unknown(const GPtrArray *censuses, GString *page)
{
	g_string_append(page, "<table class=\"small\">\n<tr><th>section</th>"
			      "<th class=\"text\">kernel</th><th>objects</th>"
			      "<th class=\"text\">first</th></tr>\n");
	for (guint i = 0; i < censuses->len; i++) {
		const struct census *census = census_at(censuses, i);

		for (guint j = 0; j < census->unknown->len; j++) {
			const struct census_unknown *unknown =
				g_ptr_array_index(census->unknown, j);

			append(page,
			       "<tr><td>%s</td><td class=\"text\">%s</td><td>%" G_GUINT64_FORMAT
			       "</td><td class=\"text\">%s</td></tr>\n",
			       unknown->section, census->release, unknown->objects, unknown->first);
		}
	}
	g_string_append(page, "</table>\n");
}

static void append_keys(const struct census *census, GString *page)
{
	guint64 all, in_header = census_keys_in_headers(census, &all);

	append(page, "<h2>Which real keys</h2>\n<p>%s: the keys that most jump labels ask.",
	       census->release);
	if (census->keys_traced)
		append(page,
		       " %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " jump labels are of keys "
		       "that a macro or inline of a header asks.",
		       in_header, all);
	g_string_append(page, "</p>\n");
	g_string_append(page, "<table class=\"small\">\n<tr><th>key</th><th>entries</th>");
	g_string_append(page,
			census->keys_traced ? "<th class=\"text\">where</th></tr>\n" : "</tr>\n");
	for (guint i = 0; i < MIN(census->keys->len, MOST_KEYS); i++) {
		const struct census_key *key = g_ptr_array_index(census->keys, i);

		append(page, "<tr><td>%s</td><td>%" G_GUINT64_FORMAT "</td>", key->name,
		       key->entries);
		if (census->keys_traced)
			append(page, "<td class=\"text\">%s</td>",
			       key->in_header ? "a header" : "a .c file");
		g_string_append(page, "</tr>\n");
	}
	g_string_append(page, "</table>\n");
}

static void append_introduction(const GPtrArray *censuses, GString *page)
{
	g_string_append(page, "<h1>klatch census</h1>\n<p>What a livepatch must take care of, "
			      "counted in every function of stock kernels as shipped:");
	for (guint i = 0; i < censuses->len; i++) {
		const struct census *census = census_at(censuses, i);

		append(page,
		       "%s %s (package %s, %" G_GUINT64_FORMAT " functions, %" G_GUINT64_FORMAT
		       " modules)",
		       i ? "," : "", census->release, census->version, census->all.functions,
		       census->modules.objects);
	}
	g_string_append(page, ".</p>\n");
}

/* The newest whose source tree was there, or the newest. */
static const struct census *newest_traced(const GPtrArray *censuses)
{
	for (guint i = censuses->len; i-- > 0;)
		if (census_at(censuses, i)->keys_traced)
			return census_at(censuses, i);
	return census_at(censuses, censuses->len - 1);
}

static char *body(const GPtrArray *censuses)
{
	const struct census *newest = census_at(censuses, censuses->len - 1);
	GString *page = g_string_new(NULL);

	append_introduction(censuses, page);
	g_string_append(page, "<h2>How often</h2>\n<p>The share of all functions, vmlinux and "
			      "modules, that hold at least one.</p>\n");
	append_by_kernel(censuses, page);
	append(page,
	       "<h2>Where: by subsystem</h2>\n<p>%s: modules by their directory, and vmlinux, "
	       "with the number of functions.</p>\n",
	       newest->release);
	append_subsystems(newest, page);
	append(page,
	       "<h2>Where: by size of the function</h2>\n<p>%s: bytes of code, with the number "
	       "of functions.</p>\n",
	       newest->release);
	append_groups("Share of functions by size", newest->sizes, page);
	g_string_append(page, "<h2>What must be bound late</h2>\n<p>Functions of modules that "
			      "refer to static or unexported symbols of their module.</p>\n");
	append_late(censuses, page);
	g_string_append(page, "<h2>What is new</h2>\n<p>Sections that klatch does not know, and "
			      "so refuses to replace code of. Empty if there are none.</p>\n");
	append_unknown(censuses, page);
	append_keys(newest_traced(censuses), page);
	g_string_append(page, "<h2>All figures</h2>\n<p>A word says what entries per function "
			      "did from the kernel before, if more than a tenth.</p>\n");
	append_table(censuses, page);
	return g_string_free(page, FALSE);
}

char *census_html(const GPtrArray *censuses)
{
	g_autoptr(GBytes) bytes =
		g_resources_lookup_data(TEMPLATE, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	g_autofree char *content = body(censuses);
	GString *page;

	g_assert(bytes); /* it is linked in */
	page = g_string_new_len(g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
	g_string_replace(page, BODY, content, 1);
	return g_string_free(page, FALSE);
}
