/*
 * The kernel that runs: is it the one that the livepatch is for, and would it let it in.
 */
#include <string.h>

#include "host/inside.h"
#include "host/livepatch.h"
#include "kernel/modules.h"

/* What modules share on x86-64 with KASLR (MODULES_LEN); the kernel keeps holes between them. */
#define MODULE_SPACE (1024u << 20)

static const char not_for_it[] = "the livepatch is not for the kernel that runs";
static const char build_it[] = "build it for the kernel that runs";
static const char not_let_in[] = "the kernel would not let the livepatch in";

gboolean host_check_release(struct host_check *check)
{
	g_autofree char *magic = modules_info(check->livepatch, "vermagic");
	g_autofree char *release = host_text(check->host->proc, "sys/kernel/osrelease", NULL);
	g_autofree char *version = host_text(check->host->proc, "sys/kernel/version", NULL);

	if (magic)
		magic[strcspn(magic, " ")] = '\0';
	if (g_strcmp0(magic, release))
		host_find(check, FINDING_REFUSED, not_for_it, NULL, build_it,
			  "it is for %s, not %s", magic ? magic : "no kernel",
			  release ? release : "this one");
	else if (g_strcmp0(check->tables->kernel, version))
		host_find(check, FINDING_REFUSED, not_for_it, NULL, build_it,
			  "it is for another build of %s: %s, not %s", release,
			  check->tables->kernel, version ? version : "this one");
	return !check->findings->len;
}

void host_check_name(struct host_check *check)
{
	g_autofree char *path = g_build_filename(check->host->sys, "module", check->name, NULL);
	AUTO(host_livepatch) livepatch = host_livepatch(check->host, check->name, NULL);

	if (livepatch && livepatch_is_left(livepatch))
		host_find(check, FINDING_REFUSED, not_let_in, check->name,
			  "boot, or build it with another --name",
			  "one of this name was disabled and stays in memory");
	else if (g_file_test(path, G_FILE_TEST_IS_DIR))
		host_find(check, FINDING_REFUSED, not_let_in, check->name,
			  "klatch status shows it, klatch unload removes it",
			  "a module of this name is loaded already");
}

void host_check_transition(struct host_check *check)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) livepatches = host_livepatches(check->host, &error);
	const struct host_livepatch *moving = livepatches ? host_in_transition(livepatches) : NULL;

	if (error)
		host_find(check, FINDING_REFUSED, not_let_in, NULL, NULL,
			  "this kernel has no livepatches");
	if (moving)
		host_find(check, FINDING_REFUSED, not_let_in, moving->name,
			  "wait until it is over, or klatch revert",
			  "another livepatch is in transition");
}

static gboolean has_probes(const struct tables *tables)
{
	for (guint i = 0; i < tables->objects->len; i++) {
		const struct table_object *object = g_ptr_array_index(tables->objects, i);

		for (guint k = 0; k < object->functions->len; k++)
			if (g_array_index(object->functions, struct table_function, k).probed)
				return TRUE;
	}
	return FALSE;
}

void host_check_switches(struct host_check *check)
{
	g_autofree char *modules =
		host_text(check->host->proc, "sys/kernel/modules_disabled", NULL);
	g_autofree char *ftrace = host_text(check->host->proc, "sys/kernel/ftrace_enabled", NULL);
	g_autofree char *kprobes =
		host_text(check->host->sys, "kernel/debug/kprobes/enabled", NULL);

	if (host_number(modules, 0))
		host_find(check, FINDING_REFUSED, not_let_in, "kernel.modules_disabled",
			  "it can't be set back before the next boot",
			  "loading modules is switched off");
	if (!host_number(ftrace, 1))
		host_find(check, FINDING_REFUSED, not_let_in, "kernel.ftrace_enabled",
			  "sysctl kernel.ftrace_enabled=1", "ftrace is switched off");
	if (!host_number(kprobes, 1) && has_probes(check->tables))
		host_find(check, FINDING_REFUSED, not_let_in, "kprobes",
			  "echo 1 > /sys/kernel/debug/kprobes/enabled",
			  "they are disarmed, and a function can only be replaced by one");
}

/* "none [integrity] confidentiality". */
static gboolean is_locked_down(const struct host *host)
{
	g_autofree char *lockdown = host_text(host->sys, "kernel/security/lockdown", NULL);

	return lockdown && !strstr(lockdown, "[none]");
}

void host_check_signature(struct host_check *check)
{
	g_autofree char *enforced =
		host_text(check->host->sys, "module/module/parameters/sig_enforce", NULL);
	gboolean is_needed = is_locked_down(check->host) || !g_strcmp0(enforced, "Y");

	if (check->is_signed)
		return; /* whether the kernel knows the key shows when it is loaded */
	if (is_needed)
		host_find(check, FINDING_REFUSED, not_let_in, NULL,
			  "sign it with a key that the machine has enrolled",
			  "it is not signed, and this kernel takes signed modules only");
	else
		host_find(check, FINDING_NOTE, "the livepatch marks the kernel as tainted", NULL,
			  NULL, "it is not signed");
}

/* A line "NAME SIZE ..." for each module. */
static guint64 modules_size(const struct host *host)
{
	g_autofree char *text = host_text(host->proc, "modules", NULL);
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	guint64 size = 0;

	for (guint i = 0; lines[i]; i++) {
		const char *space = strchr(lines[i], ' ');

		size += space ? g_ascii_strtoull(space, NULL, 10) : 0;
	}
	return size;
}

void host_check_space(struct host_check *check)
{
	guint64 size = modules_size(check->host);

	if (size + check->size > MODULE_SPACE)
		host_find(check, FINDING_REFUSED, not_let_in, NULL,
			  "remove modules that are not used",
			  "the space for modules is full: %" G_GUINT64_FORMAT " MB are in use",
			  size >> 20);
}
