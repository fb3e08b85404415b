/*
 * The list of questions that are asked about a livepatch and this machine.
 */
#include "host/check.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "host/inside.h"
#include "kernel/modules.h"
#include "sign/sign.h"

static host_question *const questions[] = {
	host_check_name,    host_check_transition, host_check_switches, host_check_signature,
	host_check_symbols, host_check_traceable,  host_check_targets,	host_check_livepatches,
	host_check_kprobes, host_check_ftrace,	   host_check_space,
};

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[FINDING_REFUSED] = "refused",
		[FINDING_WARNING] = "warning",
		[FINDING_NOTE] = "note",
	};

	return names[severity];
}

static void finding_free(gpointer data)
{
	struct finding *finding = data;

	g_error_free(finding->reason);
	g_free(finding);
}

GPtrArray *findings_new(void)
{
	return g_ptr_array_new_with_free_func(finding_free);
}

void findings_add(GPtrArray *findings, enum severity severity, GError *reason)
{
	struct finding *finding = g_new(struct finding, 1);

	finding->severity = severity;
	finding->reason = reason;
	g_ptr_array_add(findings, finding);
}

void host_find(struct host_check *check, enum severity severity, const char *what,
	       const char *where, const char *hint, const char *why, ...)
{
	GError *reason = NULL;
	va_list args;

	va_start(args, why);
	g_autofree char *text = g_strdup_vprintf(why, args);
	va_end(args);
	klatch_fail(&reason, KLATCH_REFUSED, what, where ? where : check->livepatch->name, hint,
		    "%s", text);
	findings_add(check->findings, severity, reason);
}

/* The name that the kernel will give it; NULL if this is no livepatch. */
static char *name_of(const struct object *object, GError **error)
{
	g_autofree char *mark = modules_info(object, "livepatch");
	g_autofree char *name = modules_info(object, "name");

	if (name && *name && !g_strcmp0(mark, "Y"))
		return g_steal_pointer(&name);
	klatch_fail(error, KLATCH_INPUT, "this is no livepatch", object->name, NULL,
		    mark ? "it has no name" : "it is not marked as one (livepatch=Y)");
	return NULL;
}

char *host_livepatch_name(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = files_map(path, error);
	AUTO(tables) tables = NULL;
	AUTO(object) object = bytes ? livepatch_read(bytes, path, &tables, error) : NULL;

	return object ? name_of(object, error) : NULL;
}

static gboolean read_livepatch(struct host_check *check, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = files_map(path, error);

	if (!bytes)
		return FALSE;
	const void *data = g_bytes_get_data(bytes, &check->size);
	sign_content_size(data, check->size, &check->is_signed);
	check->livepatch = livepatch_read(bytes, path, &check->tables, error);
	check->name = check->livepatch ? name_of(check->livepatch, error) : NULL;
	return check->name != NULL;
}

static gint by_severity(gconstpointer a, gconstpointer b)
{
	const struct finding *left = *(struct finding *const *)a;
	const struct finding *right = *(struct finding *const *)b;

	return (gint)left->severity - (gint)right->severity;
}

GPtrArray *host_check(const struct host *host, const char *path, gboolean boots, GError **error)
{
	g_autoptr(GPtrArray) findings = findings_new();
	struct host_check check = {.host = host, .findings = findings};
	gboolean is_read = read_livepatch(&check, path, error);

	/* For another kernel all names and builds are others. */
	if (is_read && host_check_release(&check)) {
		for (gsize i = 0; i < G_N_ELEMENTS(questions); i++)
			questions[i](&check);
		if (boots)
			host_check_initramfs(&check);
	}
	/* Merge sort: those of one severity stay in order. */
	g_ptr_array_sort(findings, by_severity);
	g_clear_pointer(&check.tables, tables_free);
	g_clear_pointer(&check.livepatch, object_free);
	g_free(check.name);
	return is_read ? g_steal_pointer(&findings) : NULL;
}
