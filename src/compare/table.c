/*
 * A function a row: it says one cell of one policy.
 */
#include "compare/table.h"

#include <string.h>

#include "compare/template.h"

static void row_free(gpointer data)
{
	struct row *row = data;

	g_free(row->title);
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++)
		g_free(row->cells[i]);
	g_free(row);
}

void table_free(struct table *table)
{
	g_ptr_array_unref(table->rows);
	g_free(table);
}

/* --- texts ----------------------------------------------------------------------------------- */

static char *number(guint64 value)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT, value);
}

/* The first line is how many; then each. */
static char *names(const GPtrArray *list)
{
	GString *text = g_string_new(NULL);

	g_string_printf(text, "%u", list->len);
	for (guint i = 0; i < list->len; i++)
		g_string_append_printf(text, "\n%s", (char *)list->pdata[i]);
	return g_string_free(text, FALSE);
}

/* On a busy host the least says most of the work itself. */
static char *microseconds(const GArray *numbers)
{
	return numbers->len
		       ? g_strdup_printf("%" G_GUINT64_FORMAT " µs\nleast %" G_GUINT64_FORMAT " µs",
					 comparison_median(numbers), comparison_least(numbers))
		       : g_strdup("never patched when it comes");
}

/* --- costs ----------------------------------------------------------------------------------- */

static char *kernel_side(const struct comparison *comparison, const struct contender *contender)
{
	return number(contender->cost->kernel_side);
}

static char *builder(const struct comparison *comparison, const struct contender *contender)
{
	return number(contender->cost->builder);
}

static char *files(const struct comparison *comparison, const struct contender *contender)
{
	GString *text = g_string_new(NULL);

	g_string_printf(text, "%u files", contender->cost->files->len);
	for (guint i = 0; i < contender->cost->files->len; i++) {
		const struct cost_file *file = contender->cost->files->pdata[i];

		g_string_append_printf(text, "\n%s %u", file->name, file->lines);
	}
	return g_string_free(text, FALSE);
}

static char *architecture(const struct comparison *comparison, const struct contender *contender)
{
	return number(contender->cost->architecture);
}

static char *conditions(const struct comparison *comparison, const struct contender *contender)
{
	return number(contender->cost->conditions);
}

/* --- what failed ----------------------------------------------------------------------------- */

static char *refusal(const struct contender *contender)
{
	return g_strdup_printf("no livepatch: %s", contender->refusal);
}

static char *trial_text(const struct trial *trial)
{
	GString *text = g_string_new(trial->result == TRIAL_PASSED    ? "passed"
				     : trial->result == TRIAL_SKIPPED ? "not possible"
								      : "FAILED");

	if (trial->step)
		g_string_append_printf(text, ": %s", trial->step);
	if (trial->seen)
		g_string_append_printf(text, "\n%s", trial->seen);
	if (trial->words && g_strcmp0(trial->seen, trial->words))
		g_string_append_printf(text, "\n%s", trial->words);
	return g_string_free(text, FALSE);
}

static char *trial_cell(const struct contender *contender, const char *scenario)
{
	for (guint i = 0; i < contender->trials->len; i++) {
		const struct trial *trial = contender->trials->pdata[i];

		if (!strcmp(trial->scenario, scenario))
			return trial_text(trial);
	}
	return refusal(contender);
}

/* --- hardening ------------------------------------------------------------------------------- */

static char *checks(const struct comparison *comparison, const struct contender *contender)
{
	return names(contender->cost->checks);
}

static char *written(const struct comparison *comparison, const struct contender *contender)
{
	return contender->refusal
		       ? refusal(contender)
		       : g_strdup_printf("%" G_GUINT64_FORMAT " bytes", contender->written);
}

/* --- what a user sees ------------------------------------------------------------------------ */

static char *refused(const struct contender *contender, gsize offset)
{
	GString *text = g_string_new(NULL);
	guint count = 0;

	if (contender->refusal)
		return refusal(contender);
	for (guint i = 0; i < contender->trials->len; i++) {
		const struct trial *trial = contender->trials->pdata[i];

		if (!G_STRUCT_MEMBER(gboolean, trial, offset))
			continue;
		count++;
		g_string_append_printf(text, "\n%s", trial->scenario);
	}
	g_autofree char *all =
		g_strdup_printf("in %u of %u scenarios", count, contender->trials->len);
	g_string_prepend(text, all);
	return g_string_free(text, FALSE);
}

static char *loads_refused(const struct comparison *comparison, const struct contender *contender)
{
	return refused(contender, G_STRUCT_OFFSET(struct trial, load_refused));
}

static char *removals_refused(const struct comparison *comparison,
			      const struct contender *contender)
{
	return refused(contender, G_STRUCT_OFFSET(struct trial, removal_refused));
}

static char *unpatched(const struct comparison *comparison, const struct contender *contender)
{
	return contender->refusal ? refusal(contender) : microseconds(contender->unpatched);
}

static char *plain(const struct comparison *comparison, const struct contender *contender)
{
	return contender->refusal ? refusal(contender) : microseconds(contender->plain);
}

static char *patched(const struct comparison *comparison, const struct contender *contender)
{
	return contender->refusal ? refusal(contender) : microseconds(contender->patched);
}

static char *added(const struct comparison *comparison, const struct contender *contender)
{
	if (contender->refusal || !contender->plain->len || !contender->patched->len)
		return patched(comparison, contender);
	return g_strdup_printf("%+" G_GINT64_FORMAT " µs\nby the least of each %+" G_GINT64_FORMAT
			       " µs",
			       (gint64)(comparison_median(contender->patched) -
					comparison_median(contender->plain)),
			       (gint64)(comparison_least(contender->patched) -
					comparison_least(contender->plain)));
}

static char *memory(const struct comparison *comparison, const struct contender *contender)
{
	return contender->refusal
		       ? refusal(contender)
		       : g_strdup_printf("%" G_GUINT64_FORMAT " bytes", contender->memory);
}

static char *to_install(const struct comparison *comparison, const struct contender *contender)
{
	return contender->refusal ? refusal(contender) : number(contender->files);
}

/* --- limits ---------------------------------------------------------------------------------- */

static char *this_patch(const struct comparison *comparison, const struct contender *contender)
{
	return contender->refusal ? refusal(contender) : g_strdup("built");
}

static char *corpus(const struct comparison *comparison, const struct contender *contender)
{
	GString *text = g_string_new(NULL);

	g_string_printf(text, "%u of %u built", contender->corpus_built, comparison->corpus);
	for (guint i = 0; i < contender->corpus_refused->len; i++)
		g_string_append_printf(text, "\n%s", (char *)contender->corpus_refused->pdata[i]);
	return g_string_free(text, FALSE);
}

/* --- the table ------------------------------------------------------------------------------- */

#define IMPLEMENTATION "implementation cost"
#define MAINTENANCE    "maintenance cost"
#define RISKS	       "risks"
#define HARDENING      "possible hardening"
#define EFFECTS	       "user-visible effects"
#define LIMITS	       "limits when creating livepatches"

typedef char *cell_function(const struct comparison *comparison, const struct contender *contender);

static struct row *add_row(struct table *table, const char *group, const char *title,
			   const char *how)
{
	struct row *row = g_new0(struct row, 1);

	row->group = group;
	row->title = g_strdup(title);
	row->how = how;
	g_ptr_array_add(table->rows, row);
	return row;
}

static void add_cells(struct table *table, const struct comparison *comparison, const char *group,
		      const char *title, const char *how, cell_function *cell)
{
	struct row *row = add_row(table, group, title, how);

	for (guint i = 0; i < KLATCH_NR_POLICIES; i++)
		row->cells[i] = cell(comparison, &comparison->contenders[i]);
}

static void add_internals(struct table *table, const struct internals *internals)
{
	static const struct {
		const char *what, *how;
		gsize offset;
	} kinds[] = {
		{"symbols not exported",
		 "of vmlinux, that the compiled kernel side refers to: nothing keeps them as they "
		 "are",
		 G_STRUCT_OFFSET(struct cost, unexported)},
		{"exported symbols", "of vmlinux, that the compiled kernel side refers to",
		 G_STRUCT_OFFSET(struct cost, exported)},
		{"fields of kernel structures",
		 "that the kernel side reads or writes, as its source is compiled for this kernel",
		 G_STRUCT_OFFSET(struct cost, fields)},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *title =
			g_strdup_printf("%s, %s", kinds[i].what, internals->release);
		struct row *row = add_row(table, MAINTENANCE, title, kinds[i].how);

		for (guint j = 0; j < KLATCH_NR_POLICIES; j++)
			row->cells[j] = names(
				G_STRUCT_MEMBER(GPtrArray *, internals->costs[j], kinds[i].offset));
	}
}

static void add_risks(struct table *table, const struct comparison *comparison)
{
	for (guint i = 0; template_names[i]; i++) {
		g_autofree char *title = template_title(template_names[i]);
		struct row *row = add_row(
			table, RISKS, title,
			"the scenario in a virtual machine; where it failed, what was seen, "
			"and the kernel's words");

		for (guint j = 0; j < KLATCH_NR_POLICIES; j++)
			row->cells[j] = trial_cell(&comparison->contenders[j], template_names[i]);
	}
}

static const struct {
	const char *group, *title, *how;
	cell_function *cell;
} first_rows[] =
	{
		{IMPLEMENTATION, "lines of the kernel side",
		 "with code, of what the policy leads to", kernel_side},
		{IMPLEMENTATION, "lines of the builder",
		 "with code, of what is there for this policy and not for all", builder},
		{IMPLEMENTATION, "lines by file", "the same", files},
		{MAINTENANCE, "lines that depend on the architecture",
		 "those of both in files x86*", architecture},
		{MAINTENANCE, "conditions on the kernel's version", "in the kernel side",
		 conditions},
},
  last_rows[] = {
	  {HARDENING, "checks in the kernel side",
	   "functions that find fault and say so in the kernel log", checks},
	  {HARDENING, "code and data written each time the target comes",
	   "the late references of the livepatch, whoever writes them; 0 could be sealed for good",
	   written},
	  {EFFECTS, "loads refused", "of the target, in the scenarios above", loads_refused},
	  {EFFECTS, "removals refused", "of the target, in the scenarios above", removals_refused},
	  {EFFECTS, "time that the target is there and not patched",
	   "median: from the end of its load to the end of the transition that follows", unpatched},
	  {EFFECTS, "load of the target without a livepatch", "median, in the same machine", plain},
	  {EFFECTS, "load of the target under the livepatch", "median, until it is patched",
	   patched},
	  {EFFECTS, "added latency of the load", "the difference", added},
	  {EFFECTS, "memory", "allocated sections of the livepatches, without those for init only",
	   memory},
	  {EFFECTS, "files to install", "livepatches, fixed modules, glue", to_install},
	  {LIMITS, "this patch", "klatch build --late=POLICY", this_patch},
};

struct table *table_new(const struct comparison *comparison)
{
	struct table *table = g_new0(struct table, 1);

	table->rows = g_ptr_array_new_with_free_func(row_free);
	for (gsize i = 0; i < G_N_ELEMENTS(first_rows); i++)
		add_cells(table, comparison, first_rows[i].group, first_rows[i].title,
			  first_rows[i].how, first_rows[i].cell);
	for (guint i = 0; i < comparison->internals->len; i++)
		add_internals(table, comparison->internals->pdata[i]);
	add_risks(table, comparison);
	for (gsize i = 0; i < G_N_ELEMENTS(last_rows); i++)
		add_cells(table, comparison, last_rows[i].group, last_rows[i].title,
			  last_rows[i].how, last_rows[i].cell);
	if (comparison->corpus)
		add_cells(table, comparison, LIMITS, "patches of the corpus",
			  "those that klatch can make live at all, through klatch build "
			  "--late=POLICY",
			  corpus);
	return table;
}

/* --- as text --------------------------------------------------------------------------------- */

#define COLUMN 15

/* The first line of a cell; the rest is for the page. */
static char *brief(const char *cell)
{
	return g_strndup(cell, strcspn(cell, "\n"));
}

/* Side by side if they are short, else one below the other. */
static gboolean are_short(const struct row *row)
{
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++)
		if (strcspn(row->cells[i], "\n") >= COLUMN)
			return FALSE;
	return TRUE;
}

static void add_names(GString *text, const struct comparison *comparison)
{
	g_string_append_printf(text, "%-42s", "");
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++)
		g_string_append_printf(text, " %*s", COLUMN, comparison->contenders[i].name);
	g_string_append_c(text, '\n');
}

static void add_text(GString *text, const struct row *row, const struct comparison *comparison)
{
	gboolean columns = are_short(row);

	g_string_append_printf(text, columns ? "  %-40s" : "  %s\n", row->title);
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		g_autofree char *cell = brief(row->cells[i]);

		if (columns)
			g_string_append_printf(text, " %*s", COLUMN, cell);
		else
			g_string_append_printf(text, "    %-8s %s\n",
					       comparison->contenders[i].name, cell);
	}
	if (columns)
		g_string_append_c(text, '\n');
}

char *table_text(const struct table *table, const struct comparison *comparison)
{
	GString *text = g_string_new(NULL);
	const char *group = NULL;

	add_names(text, comparison);
	for (guint i = 0; i < table->rows->len; i++) {
		const struct row *row = table->rows->pdata[i];

		if (row->group != group)
			g_string_append_printf(text, "%s\n", row->group);
		group = row->group;
		add_text(text, row, comparison);
	}
	return g_string_free(text, FALSE);
}
