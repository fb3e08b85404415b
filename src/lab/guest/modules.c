/*
 * Modules, loaded and removed by system calls directly.
 *
 * A driver may refuse to load on a machine without its hardware, and some modules can never be
 * removed.  That is no fault of the livepatch and is reported as skipped; what can still be tried
 * is: such a driver must be refused with the very same error while the livepatch is loaded (its
 * functions are patched before its init function runs, so late binding is gone through).
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REMOVAL_SECONDS 5 /* for references that are dropped from a workqueue */

struct module *module_find(struct guest *guest, const char *name)
{
	struct module *module = guest->modules;

	while (module && strcmp(module->name, name))
		module = module->next;
	return module;
}

static int insert(const char *name)
{
	char path[256];
	int result, fd;

	snprintf(path, sizeof(path), "/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	result = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return result;
}

/* A dependency may be loaded already, or be a target itself. */
static int insert_dependency(struct guest *guest, const char *name)
{
	bool wanted_only = *name == '?';
	struct module *module = module_find(guest, name + wanted_only);
	int result = insert(name + wanted_only);

	if (result == EEXIST)
		result = 0;
	if (!result && module)
		module->loaded = module->tried = true;
	return wanted_only ? 0 : result;
}

/* Loads what a module needs.  Returns an errno, with a note. */
static int insert_dependencies(struct guest *guest, const struct module *module)
{
	char *list = strdup(module->dependencies), *rest = list;
	int result = 0;

	for (char *name = plan_word(&rest); *name && !result; name = plan_word(&rest)) {
		result = insert_dependency(guest, name);
		if (result)
			guest_note(guest, "%s, which %s needs, can't be loaded: %s", name,
				   module->name, strerror(result));
	}
	free(list);
	return result;
}

/* ENOEXEC: the module loader itself refused it, so it is no matter of hardware. */
static enum outcome load_failed(struct guest *guest, struct module *module, int cause)
{
	bool again = module->absent == cause;

	if ((!module->tried || again) && cause != ENOEXEC) {
		guest_note(guest, "%s can't be loaded on this machine%s (%s)", module->name,
			   again ? ", with the livepatch as without" : "", strerror(cause));
		module->absent = cause;
		module->tried = true;
		return SKIPPED;
	}
	guest_note(guest, "%s can't be loaded: %s", module->name, strerror(cause));
	return FAILED;
}

static enum outcome load_target(struct guest *guest, struct module *module)
{
	int cause = insert_dependencies(guest, module);

	if (!cause)
		cause = insert(module->name);
	if (cause)
		return load_failed(guest, module, cause);
	if (module->absent) {
		guest_note(guest, "%s was refused before (%s) and now is not", module->name,
			   strerror(module->absent));
		return FAILED;
	}
	module->loaded = module->tried = true;
	return PASSED;
}

static enum outcome load_livepatch(struct guest *guest, struct module *module)
{
	int cause = insert_dependencies(guest, module);

	if (!cause)
		cause = insert(module->name);
	if (cause) {
		guest_note(guest, "the livepatch can't be loaded: %s", strerror(cause));
		return FAILED;
	}
	module->loaded = true;
	return livepatch_settle(guest);
}

enum outcome module_load(struct guest *guest, char *arguments)
{
	const char *name = plan_word(&arguments);
	bool livepatch = !strcmp(name, "livepatch");
	struct module *module = module_find(guest, livepatch ? guest->livepatch : name);

	if (!module) {
		guest_note(guest, "%s is not in the machine", name);
		return FAILED;
	}
	if (module->stuck) {
		guest_note(guest, "%s is loaded already, as it can't be removed", name);
		return SKIPPED;
	}
	return livepatch ? load_livepatch(guest, module) : load_target(guest, module);
}

static int delete (const char *name)
{
	for (int waited = 0;; waited += 100) {
		if (!syscall(SYS_delete_module, name, O_NONBLOCK))
			return 0;
		if (errno != EAGAIN || waited >= REMOVAL_SECONDS * 1000)
			return errno;
		wait_milliseconds(100);
	}
}

enum outcome module_unload(struct guest *guest, char *arguments)
{
	const char *name = plan_word(&arguments);
	struct module *module =
		module_find(guest, strcmp(name, "livepatch") ? name : guest->livepatch);
	int cause;

	if (!module || !module->loaded || module->stuck) {
		guest_note(guest, "%s %s", name,
			   module && module->stuck ? "can't be removed" : "is not loaded");
		return SKIPPED;
	}
	cause = delete (module->name);
	if (!cause) {
		module->loaded = false;
		return PASSED;
	}
	if (guest->learning) {
		guest_note(guest, "%s can't be removed, with or without the livepatch (%s)", name,
			   strerror(cause));
		module->stuck = true;
		return SKIPPED;
	}
	guest_note(guest, "%s can't be removed: %s", name, strerror(cause));
	return FAILED;
}

int module_probe(const char *name)
{
	struct guest guest = {.report = fopen("/dev/null", "we")};
	char *plan = plan_read();
	int found = 0;

	if (!plan || !guest.report)
		return 1;
	plan_facts(&guest, plan);
	for (const struct alias *alias = guest.aliases; alias; alias = alias->next) {
		const struct module *module = module_find(&guest, alias->name);

		if (!module || fnmatch(alias->pattern, name, 0))
			continue;
		found += !insert_dependencies(&guest, module) && !insert(module->name);
	}
	return !found;
}
