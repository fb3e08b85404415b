/*
 * Records of the kernel's log (Documentation/ABI/testing/dev-kmsg):
 * "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS...;TEXT" and lines that begin with a blank, which belong to
 * the record before.
 */
#include "host/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

/* As the kernel's PRINTKRB_RECORD_MAX and then some: a read gives one record, or fails. */
#define RECORD_SIZE 16384

/* The low bits of the priority; the rest says who wrote it. */
#define LEVEL_MASK 7

#define CORE_PREFIX "livepatch: "
#define OUR_PREFIX  "klatch: "

/* What the livepatch core says when the state of a livepatch begins to change. */
#define CORE_STARTING "starting "

static void record_free(gpointer data)
{
	struct log_record *record = data;

	g_free(record->text);
	g_free(record);
}

static struct log_record *parse_record(const char *line)
{
	struct log_record *record;
	guint64 priority, sequence, time;
	const char *text = strchr(line, ';');
	char *end;

	priority = g_ascii_strtoull(line, &end, 10);
	if (!text || end == line || *end != ',')
		return NULL;
	sequence = g_ascii_strtoull(end + 1, &end, 10);
	if (*end != ',')
		return NULL;
	time = g_ascii_strtoull(end + 1, &end, 10);
	if ((*end != ',' && *end != ';') || time > G_MAXINT64)
		return NULL;
	record = g_new0(struct log_record, 1);
	record->level = priority & LEVEL_MASK;
	record->sequence = sequence;
	record->time = (gint64)time;
	record->text = g_utf8_make_valid(text + 1, -1);
	return record;
}

GPtrArray *log_parse(const char *text)
{
	GPtrArray *log = g_ptr_array_new_with_free_func(record_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		struct log_record *record = *lines[i] == ' ' ? NULL : parse_record(lines[i]);

		if (record)
			g_ptr_array_add(log, record);
	}
	return log;
}

/* Records that were overwritten while this reads (EPIPE) are passed over. */
static gboolean read_all(int fd, GString *text)
{
	g_autofree char *buffer = g_malloc(RECORD_SIZE);
	ssize_t size;

	do {
		size = read(fd, buffer, RECORD_SIZE);
		if (size > 0)
			g_string_append_len(text, buffer, size);
	} while (size > 0 || (size < 0 && (errno == EPIPE || errno == EINTR)));
	return !size || errno == EAGAIN;
}

GPtrArray *host_log(const struct host *host, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	int fd = open(host->log, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	gboolean is_read = fd >= 0 && read_all(fd, text);
	int number = errno;

	if (fd >= 0)
		close(fd);
	if (is_read)
		return log_parse(text->str);
	klatch_fail(error, KLATCH_ENVIRONMENT, "the kernel's log can't be read", host->log,
		    "only root may do that", "%s", g_strerror(number));
	return NULL;
}

gboolean host_log_write(const struct host *host, const char *line, GError **error)
{
	g_autofree char *record = g_strconcat("<5>" OUR_PREFIX, line, NULL);
	gsize size = strlen(record);
	int fd = open(host->log, O_WRONLY | O_APPEND | O_CLOEXEC);
	gboolean is_written = fd >= 0 && write(fd, record, size) == (ssize_t)size;
	int number = errno;

	if (fd >= 0)
		close(fd);
	if (!is_written)
		klatch_fail(error, KLATCH_ENVIRONMENT, "the kernel's log can't be written",
			    host->log, NULL, "%s", g_strerror(number));
	return is_written;
}

gint64 log_clock(gint64 since_boot)
{
	return g_get_real_time() - g_get_monotonic_time() + since_boot;
}

/* --- livepatches ----------------------------------------------------------------------------- */

gboolean log_names(const struct log_record *record, const char *livepatch)
{
	g_autofree char *quoted = g_strdup_printf("'%s'", livepatch);
	g_autofree char *prefix = g_strdup_printf("%s: ", livepatch);

	if (g_str_has_prefix(record->text, prefix))
		return TRUE;
	return (g_str_has_prefix(record->text, CORE_PREFIX) ||
		g_str_has_prefix(record->text, OUR_PREFIX)) &&
	       strstr(record->text, quoted);
}

/* "livepatch: enabling patch 'NAME'" and all the like begin with "'NAME'" or end with it. */
static void learn_name(const struct log_record *record, GHashTable *names)
{
	static const char enabling[] = CORE_PREFIX "enabling patch '";
	const char *name = record->text + strlen(enabling);

	if (g_str_has_prefix(record->text, enabling) && strchr(name, '\''))
		g_hash_table_add(names, g_strndup(name, strcspn(name, "'")));
}

static gboolean tells(const struct log_record *record, GHashTable *names)
{
	const char *colon = strstr(record->text, ": ");
	g_autofree char *first =
		colon ? g_strndup(record->text, (gsize)(colon - record->text)) : NULL;

	return g_str_has_prefix(record->text, CORE_PREFIX) ||
	       g_str_has_prefix(record->text, OUR_PREFIX) ||
	       (first && g_hash_table_contains(names, first));
}

GPtrArray *log_of_livepatches(const GPtrArray *log, const GPtrArray *names)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GPtrArray *told = g_ptr_array_new();

	for (guint i = 0; i < names->len; i++)
		g_hash_table_add(known, g_strdup(names->pdata[i]));
	for (guint i = 0; i < log->len; i++)
		learn_name(log->pdata[i], known);
	for (guint i = 0; i < log->len; i++)
		if (tells(log->pdata[i], known))
			g_ptr_array_add(told, log->pdata[i]);
	return told;
}

/* "livepatch: 'NAME': starting patching transition". */
gint64 log_since(const GPtrArray *log, const char *livepatch)
{
	g_autofree char *text = g_strdup_printf(CORE_PREFIX "'%s': " CORE_STARTING, livepatch);

	for (guint i = log->len; i-- > 0;) {
		const struct log_record *record = log->pdata[i];

		if (g_str_has_prefix(record->text, text))
			return record->time;
	}
	return -1;
}
