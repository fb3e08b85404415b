/*
 * Small files and directories of the kernel's, which come and go while they are read.
 */
#include "host/host.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"

const struct host *host_running(void)
{
	static const struct host running = {.proc = "/proc",
					    .sys = "/sys",
					    .log = "/dev/kmsg",
					    .modules = "/lib/modules",
					    .boot = "/boot"};

	return &running;
}

gboolean host_need_root(const char *what, GError **error)
{
	if (!geteuid())
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, what, NULL, "run it as root, by sudo for one",
		    "only root may do that");
	return FALSE;
}

/* Not mapped: the size of such a file is not known before it is read. */
static char *read_file(const char *first, va_list *args, gsize *length)
{
	g_autofree char *path = g_build_filename_valist(first, args);
	char *content = NULL;

	return g_file_get_contents(path, &content, length, NULL) ? content : NULL;
}

char *host_text(const char *first, ...)
{
	gsize length;
	va_list args;

	va_start(args, first);
	char *text = read_file(first, &args, &length);
	va_end(args);
	if (text && length && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return text;
}

GBytes *host_bytes(const char *first, ...)
{
	gsize length;
	va_list args;

	va_start(args, first);
	char *content = read_file(first, &args, &length);
	va_end(args);
	return content ? g_bytes_new_take(content, length) : NULL;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *host_names(const char *first, ...)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = NULL;
	g_autoptr(GDir) directory = NULL;
	const char *name;
	va_list args;

	va_start(args, first);
	path = g_build_filename_valist(first, &args);
	va_end(args);
	directory = g_dir_open(path, 0, NULL);
	while (directory && (name = g_dir_read_name(directory)))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	return names;
}

gint64 host_number(const char *text, gint64 otherwise)
{
	char *end;
	gint64 number = text ? g_ascii_strtoll(text, &end, 10) : 0;

	return text && end != text ? number : otherwise;
}
