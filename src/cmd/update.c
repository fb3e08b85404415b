/*
 * klatch update: what changed from one version of the kernel's package to another, as one
 * livepatch; and the report of what goes live, and why the rest does not.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/workspace.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "renewal/renewal.h"

static const char *const status_names[] = {
	[CHANGE_LIVE] = "live",
	[CHANGE_REFUSED] = "refused",
	[CHANGE_UNCHANGED] = "unchanged",
	[CHANGE_NOT_ASKED] = "not asked",
};

struct totals {
	guint of[CHANGE_NOT_ASKED + 1];	     /* changes by status */
	guint entries[CHANGE_NOT_ASKED + 1]; /* of the changelog, by status of their change */
	guint cves[CHANGE_NOT_ASKED + 1];
	guint functions;
	double share; /* of those that could go live */
};

static void count_change(struct totals *totals, const struct change_outcome *outcome)
{
	totals->of[outcome->status]++;
	for (guint i = 0; i < outcome->change->entries->len; i++) {
		const struct changelog_entry *entry =
			g_ptr_array_index(outcome->change->entries, i);

		totals->entries[outcome->status]++;
		totals->cves[outcome->status] += entry->cves->len;
	}
}

static struct totals count(const struct renewal_result *result)
{
	struct totals totals = {0};

	for (guint i = 0; i < result->outcomes->len; i++)
		count_change(&totals, g_ptr_array_index(result->outcomes, i));
	for (guint i = 0; i < result->objects->len; i++)
		totals.functions +=
			((const struct changed_object *)result->objects->pdata[i])->functions->len;
	guint counted = totals.of[CHANGE_LIVE] + totals.of[CHANGE_REFUSED];
	totals.share = counted ? (double)totals.of[CHANGE_LIVE] / counted : 1;
	return totals;
}

static guint64 peak_memory(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : (guint64)usage.ru_maxrss * 1024;
}

/* ---- JSON ---- */

static void add_number(JsonBuilder *builder, const char *member, gint64 number)
{
	json_builder_set_member_name(builder, member);
	json_builder_add_int_value(builder, number);
}

static void begin_array(JsonBuilder *builder, const char *member)
{
	json_builder_set_member_name(builder, member);
	json_builder_begin_array(builder);
}

/* Subjects and CVEs of what a change probably is. */
static void add_entries(JsonBuilder *builder, const struct change *change)
{
	begin_array(builder, "subjects");
	for (guint i = 0; i < change->entries->len; i++) {
		const struct changelog_entry *entry = g_ptr_array_index(change->entries, i);

		json_builder_add_string_value(builder, entry->subject);
	}
	json_builder_end_array(builder);
	begin_array(builder, "cves");
	for (guint i = 0; i < change->entries->len; i++) {
		const struct changelog_entry *entry = g_ptr_array_index(change->entries, i);

		for (guint j = 0; j < entry->cves->len; j++)
			json_builder_add_string_value(builder, g_ptr_array_index(entry->cves, j));
	}
	json_builder_end_array(builder);
}

static void add_lines(JsonBuilder *builder, const char *member, guint line, guint count)
{
	begin_array(builder, member);
	json_builder_add_int_value(builder, line);
	json_builder_add_int_value(builder, count);
	json_builder_end_array(builder);
}

/* Which lines of the difference a change is. */
static void add_hunks(JsonBuilder *builder, const struct change *change)
{
	begin_array(builder, "hunks");
	for (guint i = 0; i < change->hunks->len; i++) {
		const struct hunk *hunk = g_ptr_array_index(change->hunks, i);

		json_builder_begin_object(builder);
		command_add_string(builder, "file", hunk->file->path);
		command_add_string(builder, "scope", hunk->scope);
		add_lines(builder, "original", hunk->original_line, hunk->original_count);
		add_lines(builder, "patched", hunk->patched_line, hunk->patched_count);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void add_outcome(JsonBuilder *builder, const struct change_outcome *outcome)
{
	const struct change *change = outcome->change;

	json_builder_begin_object(builder);
	add_number(builder, "number", change->number);
	command_add_string(builder, "status", status_names[outcome->status]);
	begin_array(builder, "files");
	for (guint i = 0; i < change->files->len; i++)
		json_builder_add_string_value(
			builder, ((const struct changed_file *)change->files->pdata[i])->path);
	json_builder_end_array(builder);
	add_hunks(builder, change);
	command_add_strings(builder, "functions", outcome->functions);
	json_builder_set_member_name(builder, "why");
	if (outcome->refusal)
		json_builder_add_value(builder, command_error_json(outcome->refusal));
	else
		json_builder_add_null_value(builder);
	add_entries(builder, change);
	json_builder_end_object(builder);
}

static void add_counts(JsonBuilder *builder, const guint *counts)
{
	for (guint i = 0; i <= CHANGE_NOT_ASKED; i++)
		add_number(builder, status_names[i], counts[i]);
}

/* The same of what the changes probably are. */
static void add_named_counts(JsonBuilder *builder, const char *member, const guint *counts)
{
	json_builder_set_member_name(builder, member);
	json_builder_begin_object(builder);
	add_counts(builder, counts);
	json_builder_end_object(builder);
}

static void add_totals(JsonBuilder *builder, const struct renewal_result *result)
{
	struct totals totals = count(result);

	json_builder_set_member_name(builder, "totals");
	json_builder_begin_object(builder);
	add_counts(builder, totals.of);
	add_named_counts(builder, "subjects", totals.entries);
	add_named_counts(builder, "cves", totals.cves);
	add_number(builder, "functions", totals.functions);
	json_builder_set_member_name(builder, "share");
	json_builder_add_double_value(builder, totals.share);
	add_number(builder, "rounds", result->rounds);
	add_number(builder, "compiled units", result->compiles);
	add_number(builder, "compared units", result->compared);
	add_number(builder, "peak memory", (gint64)peak_memory());
	json_builder_end_object(builder);
}

static JsonBuilder *report(const struct renewal_result *result)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	command_add_string(builder, "status", result->livepatch ? "built" : "nothing");
	command_add_string(builder, "livepatch", result->livepatch);
	command_add_string(builder, "kernel", result->kernel);
	command_add_string(builder, "from", result->from);
	command_add_string(builder, "to", result->to);
	add_totals(builder, result);
	begin_array(builder, "changes");
	for (guint i = 0; i < result->outcomes->len; i++)
		add_outcome(builder, g_ptr_array_index(result->outcomes, i));
	json_builder_end_array(builder);
	report_objects_json(result->objects, builder);
	begin_array(builder, "not built");
	for (guint i = 0; i < result->changes->unbuilt->len; i++)
		json_builder_add_string_value(
			builder,
			((const struct changed_file *)result->changes->unbuilt->pdata[i])->path);
	json_builder_end_array(builder);
	begin_array(builder, "unclaimed subjects");
	for (guint i = 0; i < result->unclaimed->len; i++)
		json_builder_add_string_value(
			builder,
			((const struct changelog_entry *)result->unclaimed->pdata[i])->subject);
	json_builder_end_array(builder);
	command_add_strings(builder, "notes", result->notes);
	command_stages_json(result->stages, builder);
	json_builder_end_object(builder);
	return builder;
}

static gboolean write_report(const struct renewal_result *result, const char *path, GError **error)
{
	g_autoptr(JsonBuilder) builder = report(result);
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = json_to_string(root, TRUE);

	return files_write(path, text, strlen(text), error);
}

/* ---- text ---- */

/* How often each reason is given, the most frequent first. */
struct reason {
	const char *what;
	guint count;
};

static int by_count(gconstpointer a, gconstpointer b)
{
	return (int)((const struct reason *)b)->count - (int)((const struct reason *)a)->count;
}

/* Whether a word of a reason is the name of something, behind the word `before`. */
static gboolean is_name(const char *word, const char *before)
{
	static const char *const kinds[] = {"struct",	"union",    "enum", "typedef",
					    "function", "variable", "data", NULL};

	return before && g_strv_contains(kinds, before) ? TRUE
	       : g_str_has_prefix(word, "__init")	? FALSE
							: strpbrk(word, "_.0123456789") != NULL;
}

/* A reason without the names that it tells. */
static char *kind_of(const char *what)
{
	g_auto(GStrv) words = g_strsplit(what, " ", -1);
	GString *kind = g_string_new(NULL);

	for (guint i = 0; words[i]; i++)
		g_string_append_printf(kind, "%s%s", i ? " " : "",
				       is_name(words[i], i ? words[i - 1] : NULL) ? "..."
										  : words[i]);
	return g_string_free(kind, FALSE);
}

static void print_reasons(const struct renewal_result *result)
{
	g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GArray) reasons = g_array_new(FALSE, FALSE, sizeof(struct reason));
	GHashTableIter iter;
	gpointer what, number;

	for (guint i = 0; i < result->outcomes->len; i++) {
		const struct change_outcome *outcome = g_ptr_array_index(result->outcomes, i);

		if (!outcome->refusal)
			continue;
		char *kind = kind_of(klatch_error_reason(outcome->refusal)->what);
		guint so_far = GPOINTER_TO_UINT(g_hash_table_lookup(counts, kind));
		g_hash_table_replace(counts, kind, GUINT_TO_POINTER(so_far + 1));
	}
	g_hash_table_iter_init(&iter, counts);
	while (g_hash_table_iter_next(&iter, &what, &number)) {
		struct reason reason = {what, GPOINTER_TO_UINT(number)};

		g_array_append_val(reasons, reason);
	}
	g_array_sort(reasons, by_count);
	for (guint i = 0; i < reasons->len; i++)
		printf("  %5u  %s\n", g_array_index(reasons, struct reason, i).count,
		       g_array_index(reasons, struct reason, i).what);
}

/* One line a change that does not go live: files, subject, reason. */
static void print_refused(const struct change_outcome *outcome)
{
	const struct change *change = outcome->change;
	const struct klatch_reason *reason = klatch_error_reason(outcome->refusal);
	const struct changed_file *first = g_ptr_array_index(change->files, 0);

	printf("%5u  %s", change->number, first->path);
	if (change->files->len > 1)
		printf(" and %u more", change->files->len - 1);
	printf("\n       %s%s%s: %.*s\n", reason->where ? reason->where : "",
	       reason->where ? ": " : "", reason->what, (int)strcspn(reason->why, "\n"),
	       reason->why);
	for (guint i = 0; i < change->entries->len; i++) {
		const struct changelog_entry *entry = g_ptr_array_index(change->entries, i);
		g_autofree char *cves = NULL;

		g_ptr_array_add(entry->cves, NULL);
		cves = g_strjoinv(" ", (char **)entry->cves->pdata);
		g_ptr_array_set_size(entry->cves, entry->cves->len - 1);
		printf("       - %s%s%s\n", entry->subject, *cves ? "  " : "", cves);
	}
}

static void print_text(const struct renewal_result *result)
{
	struct totals totals = count(result);

	puts("refused:");
	for (guint i = 0; i < result->outcomes->len; i++) {
		const struct change_outcome *outcome = g_ptr_array_index(result->outcomes, i);

		if (outcome->status == CHANGE_REFUSED)
			print_refused(outcome);
	}
	puts("\nlive, by object:");
	for (guint i = 0; i < result->objects->len; i++) {
		const struct changed_object *object = g_ptr_array_index(result->objects, i);

		if (object->functions->len)
			printf("  %5u  %s\n", object->functions->len, object->name);
	}
	puts("\nrefused, by reason:");
	print_reasons(result);
	printf("\n%s, from %s to %s: %u changes live (%.1f %% of those that matter), %u refused, "
	       "%u "
	       "change no binary, %u files are not built\n",
	       result->kernel, result->from, result->to, totals.of[CHANGE_LIVE], 100 * totals.share,
	       totals.of[CHANGE_REFUSED], totals.of[CHANGE_UNCHANGED],
	       result->changes->unbuilt->len);
	printf("of the changelog: %u entries live, %u refused; %u CVEs live, %u refused\n",
	       totals.entries[CHANGE_LIVE], totals.entries[CHANGE_REFUSED],
	       totals.cves[CHANGE_LIVE], totals.cves[CHANGE_REFUSED]);
	printf("%u functions of %u objects; %u rounds, %u units compiled, %.0f MB of memory\n",
	       totals.functions, result->objects->len, result->rounds, result->compiles,
	       (double)peak_memory() / 1e6);
	command_stages_print(result->stages);
	if (result->livepatch)
		printf("\n%s\nnext: klatch try -k %s %s\n", result->livepatch, result->kernel,
		       result->livepatch);
	else
		puts("\nnothing was written");
}

/* ---- options ---- */

static void tell(const char *text)
{
	fprintf(stderr, "%s\n", text);
}

/* The names of what is loaded: vmlinux, and the modules of /proc/modules. */
static gboolean add_loaded(GPtrArray *objects, GError **error)
{
	g_autofree char *text = files_read_text("/proc/modules", error);

	if (!text)
		return FALSE;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_ptr_array_add(objects, g_strdup("vmlinux"));
	for (guint i = 0; lines[i]; i++)
		if (*lines[i])
			g_ptr_array_add(objects, g_strndup(lines[i], strcspn(lines[i], " ")));
	return TRUE;
}

/* A list of objects, whose names are as they are when loaded, and of files. */
static void read_names(const char *list, GPtrArray *objects)
{
	g_auto(GStrv) names = list ? g_strsplit(list, ",", -1) : NULL;

	for (guint i = 0; names && names[i]; i++)
		if (strchr(names[i], '/'))
			g_ptr_array_add(objects, g_strdup(names[i]));
		else if (*names[i])
			g_ptr_array_add(objects, g_strdelimit(g_strdup(names[i]), "-", '_'));
}

/* The objects that are asked for, NULL-terminated; an empty list for all. */
static gboolean read_objects(const char *only, gboolean loaded, GPtrArray *objects, GError **error)
{
	read_names(only, objects);
	if (loaded && !add_loaded(objects, error))
		return FALSE;
	if (objects->len)
		g_ptr_array_add(objects, NULL);
	return TRUE;
}

static int status_of(const struct renewal_result *result)
{
	if (result->livepatch)
		return EXIT_DONE;
	return count(result).of[CHANGE_REFUSED] ? EXIT_REFUSED : EXIT_UNCHANGED;
}

int command_update(int argc, char **argv)
{
	g_autofree char *release = NULL, *to = NULL, *only = NULL, *output = NULL, *name = NULL;
	g_autofree char *report_path = NULL, *source = NULL;
	gboolean loaded = FALSE, json = FALSE;
	g_autofree char *left = NULL;
	g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) without = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	int status;
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING, &release,
		 "the kernel that runs (default: this machine's)", "RELEASE"},
		{"to", 0, 0, G_OPTION_ARG_STRING, &to,
		 "the package version to go to (default: the newest that apt knows)", "VERSION"},
		{"source", 0, 0, G_OPTION_ARG_FILENAME, &source,
		 "a source tree to go to, instead of a package's", "DIRECTORY"},
		{"only", 0, 0, G_OPTION_ARG_STRING, &only,
		 "only changes of these objects (vmlinux, modules)", "OBJECT,..."},
		{"loaded", 0, 0, G_OPTION_ARG_NONE, &loaded,
		 "only changes of vmlinux and of the modules that are loaded here", NULL},
		{"without", 0, 0, G_OPTION_ARG_STRING, &left,
		 "no change that has a part of these objects or files", "OBJECT|FILE,..."},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
		 "where to write the livepatch (default: NAME.ko)", "FILE"},
		{"name", 0, 0, G_OPTION_ARG_STRING, &name,
		 "the livepatch's module name (default: from the version)", "NAME"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "print the report as one JSON object",
		 NULL},
		{"report", 0, 0, G_OPTION_ARG_FILENAME, &report_path,
		 "write the report as JSON to a file, too", "FILE"},
		G_OPTION_ENTRY_NULL};

	if (!command_options(&argc, &argv, entries, "",
			     "Makes one livepatch of all changes of a point release.", &status))
		return status;
	if (argc > 1 || (to && source)) {
		command_wrong(&error, argv[1],
			      argc > 1 ? "there are only options"
				       : "--to and --source are two ways to say the same");
		return command_fail(error, json);
	}
	if (!read_objects(only, loaded, objects, &error))
		return command_fail(error, json);

	read_names(left, without);
	g_ptr_array_add(without, NULL);
	AUTO(workspace) workspace = workspace_new(&error);
	struct progress *progress = progress_bar_new();
	const struct renewal_request request = {
		.release = release,
		.to = to,
		.source = source,
		.objects = objects->len ? (const char *const *)objects->pdata : NULL,
		.without = (const char *const *)without->pdata,
		.name = name,
		.output = output,
		.tell = json ? NULL : tell,
	};
	AUTO(renewal_result)
	result = workspace ? renewal_make(&request, progress, &error) : NULL;
	progress_bar_end(progress);
	if (!result || (report_path && !write_report(result, report_path, &error)))
		return command_fail(error, json);
	if (json) {
		g_autoptr(JsonBuilder) builder = report(result);

		command_print_json(builder);
	} else {
		print_text(result);
	}
	return status_of(result);
}
