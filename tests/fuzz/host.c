/*
 * Any bytes as what the kernel says: its log, a task's stack, its lists of symbols, functions and
 * kprobes; and as a file that may be signed, or a section of notes.
 */
#include <string.h>

#include "host/lists.h"
#include "host/livepatch.h"
#include "klatch.h"
#include "host/log.h"
#include "host/tasks.h"
#include "sign/sign.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void read_log(const char *text)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autoptr(GPtrArray) log = log_parse(text);
	g_autoptr(GPtrArray) told = log_of_livepatches(log, names);

	g_assert_cmpuint(told->len, <=, log->len);
	for (guint i = 0; i < log->len; i++) {
		const struct log_record *record = log->pdata[i];

		g_assert_true(g_utf8_validate(record->text, -1, NULL));
		g_assert_cmpint(record->time, >=, 0);
		g_assert_cmpuint(record->level, <=, 7);
	}
}

static void read_stack(const char *text)
{
	g_autoptr(GPtrArray) frames = stack_parse(text);

	for (guint i = 0; i < frames->len; i++)
		g_assert_true(*((struct stack_frame *)frames->pdata[i])->function);
}

static void read_list(const char *text, list_line *parse)
{
	g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *copy = g_strdup(text);

	g_hash_table_insert(counts, list_key("vmlinux", "a"), NULL);
	g_hash_table_insert(counts, list_key("m", "a"), NULL);
	list_count(copy, parse, counts);
	g_assert_cmpuint(g_hash_table_size(counts), ==, 2);
}

static void read_notes(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
	g_autoptr(GPtrArray) cves = note_words(bytes, KLATCH_NOTE_CVES);

	for (guint i = 0; i < cves->len; i++)
		g_assert_true(g_str_is_ascii(cves->pdata[i]));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree char *text = g_strndup((const char *)data, size);

	g_assert_cmpuint(sign_content_size(data, size, NULL), <=, size);
	read_notes(data, size);
	read_log(text);
	read_stack(text);
	read_list(text, list_kallsyms);
	read_list(text, list_ftrace);
	read_list(text, list_kprobes);
	return 0;
}
