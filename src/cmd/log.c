/*
 * klatch log: what happened to livepatches and their targets since the machine booted.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/command.h"
#include "host/livepatch.h"
#include "host/log.h"

/* From this level on it is no complaint. */
#define LEVEL_NOTICE 5

static GPtrArray *names_of(const GPtrArray *livepatches)
{
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; livepatches && i < livepatches->len; i++)
		g_ptr_array_add(names, ((struct host_livepatch *)livepatches->pdata[i])->name);
	return names;
}

static char *date_of(const struct log_record *record)
{
	g_autoptr(GDateTime) date =
		g_date_time_new_from_unix_local(log_clock(record->time) / G_TIME_SPAN_SECOND);

	return date ? g_date_time_format_iso8601(date) : g_strdup("?");
}

static void add_record(JsonBuilder *builder, const struct log_record *record)
{
	g_autofree char *date = date_of(record);

	json_builder_begin_object(builder);
	command_add_string(builder, "time", date);
	json_builder_set_member_name(builder, "level");
	json_builder_add_int_value(builder, record->level);
	command_add_string(builder, "text", record->text);
	json_builder_end_object(builder);
}

static void print_text(const struct log_record *record)
{
	g_autofree char *date = date_of(record);

	printf("%s %c %s\n", date, record->level < LEVEL_NOTICE ? '!' : ' ', record->text);
}

/* name: of the only livepatch that is wanted, or NULL. */
static gboolean print_log(const char *name, gboolean json, GError **error)
{
	const struct host *host = host_running();
	g_autoptr(GPtrArray) log = host_log(host, error);
	/* One that is named by nobody else is known by its module. */
	g_autoptr(GPtrArray) livepatches = host_livepatches(host, NULL);
	g_autoptr(GPtrArray) names = names_of(livepatches);
	g_autoptr(GPtrArray) records = log ? log_of_livepatches(log, names) : NULL;
	g_autoptr(JsonBuilder) builder = json_builder_new();
	guint64 lost; /* the kernel numbers its records from 0 on */

	if (!records)
		return FALSE;
	lost = log->len ? ((const struct log_record *)log->pdata[0])->sequence : 0;
	if (lost && !json)
		fprintf(stderr,
			"klatch: the kernel has overwritten the first %" G_GUINT64_FORMAT
			" records of its log; the journal may have them\n",
			lost);
	json_builder_begin_object(builder);
	command_add_string(builder, "status", "done");
	json_builder_set_member_name(builder, "lost");
	json_builder_add_int_value(builder, (gint64)lost);
	json_builder_set_member_name(builder, "records");
	json_builder_begin_array(builder);
	for (guint i = 0; i < records->len; i++) {
		if (name && !log_names(records->pdata[i], name))
			continue;
		if (json)
			add_record(builder, records->pdata[i]);
		else
			print_text(records->pdata[i]);
	}
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	if (json)
		command_print_json(builder);
	return TRUE;
}

int command_log(int argc, char **argv)
{
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "[NAME]",
			     "What the kernel said of livepatches since it was booted.", &status))
		return status;
	if (argc > 2)
		command_wrong(&error, NULL, "one livepatch at most is wanted");
	else if (host_need_root("the kernel's log can't be read", &error) &&
		 print_log(argc == 2 ? argv[1] : NULL, json, &error))
		return EXIT_DONE;
	return command_fail(error, json);
}
