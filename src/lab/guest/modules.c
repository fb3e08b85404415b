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
#define DEVICE_SECONDS	20

#define KEPT_NOTE ".note.klatch.kept" /* KLATCH_KEPT_SECTION */

struct module *module_find(const struct guest *guest, const char *label)
{
	struct module *module = guest->modules;

	while (module && strcmp(module->label, label))
		module = module->next;
	return module;
}

bool module_is_live(const char *name)
{
	char path[256], state[16] = "";
	FILE *file;

	if (!strcmp(name, "vmlinux"))
		return true;
	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	file = fopen(path, "re");
	if (file && !fgets(state, sizeof(state), file))
		*state = '\0';
	if (file)
		fclose(file);
	return !strcmp(state, "live\n");
}

static bool is_live(const void *name)
{
	return module_is_live(name);
}

bool module_comes(const struct guest *guest, const char *name)
{
	return guest->devices ? wait_until(DEVICE_SECONDS, is_live, name) : module_is_live(name);
}

static int insert(const char *label, const char *parameters)
{
	char path[256];
	int result, fd;

	snprintf(path, sizeof(path), "/modules/%s.ko", label);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	result = syscall(SYS_finit_module, fd, parameters, 0) ? errno : 0;
	close(fd);
	return result;
}

/* What follows a module that was loaded without a verb; as with modprobe, it may fail. */
static void insert_follower(struct guest *guest, const struct module *module)
{
	int cause = module && module->follower ? insert(module->follower->label, "") : 0;

	if (cause && cause != EEXIST)
		guest_note(guest, "%s, which follows %s, can't be loaded: %s",
			   module->follower->label, module->label, strerror(cause));
}

/* A dependency may be loaded already, or be a target itself. */
static int insert_dependency(struct guest *guest, const char *label)
{
	bool wanted_only = *label == '?';
	struct module *module = module_find(guest, label + wanted_only);
	int result = insert(label + wanted_only, "");

	if (result == EEXIST)
		result = 0;
	if (!result && module) {
		module->tried = true;
		insert_follower(guest, module);
	}
	return wanted_only ? 0 : result;
}

/* Loads what a module needs.  Returns an errno, with a note. */
static int insert_dependencies(struct guest *guest, const struct module *module)
{
	char *list = strdup(module->dependencies), *rest = list;
	int result = 0;

	for (char *label = plan_word(&rest); *label && !result; label = plan_word(&rest)) {
		result = insert_dependency(guest, label);
		if (result)
			guest_note(guest, "%s, which %s needs, can't be loaded: %s", label,
				   module->label, strerror(result));
	}
	free(list);
	return result;
}

/* Loads a module after what it needs, and says how long itself took. */
static int insert_module(struct guest *guest, const struct module *module, const char *parameters)
{
	int cause = insert_dependencies(guest, module);
	uint64_t began = wait_clock();

	if (cause)
		return cause;
	cause = insert(module->label, parameters);
	guest_time(guest, wait_clock() - began, "load", module->label);
	return cause;
}

/* ENOEXEC: the module loader itself refused it, so it is no matter of hardware. */
static enum outcome load_failed(struct guest *guest, struct module *module, int cause)
{
	bool again = module->absent == cause;

	guest->refused = true;
	if (!guest->wants_refusal && (!module->tried || again) && cause != ENOEXEC) {
		guest_note(guest, "%s can't be loaded on this machine%s (%s)", module->label,
			   again ? ", with the livepatch as without" : "", strerror(cause));
		module->absent = cause;
		module->tried = true;
		return SKIPPED;
	}
	guest_note(guest, "%s can't be loaded: %s", module->label, strerror(cause));
	return FAILED;
}

static enum outcome load_livepatch(struct guest *guest, struct module *module,
				   const char *parameters)
{
	int cause = insert_module(guest, module, parameters);

	if (cause) {
		guest->refused = true;
		guest_note(guest, "%s can't be loaded: %s", module->label, strerror(cause));
		return FAILED;
	}
	return guest->begin ? PASSED : livepatch_enabled(guest, module);
}

static enum outcome load_target(struct guest *guest, struct module *module, const char *parameters)
{
	int cause = insert_module(guest, module, parameters);

	if (cause)
		return load_failed(guest, module, cause);
	if (module->absent) {
		guest_note(guest, "%s was refused before (%s) and now is not", module->label,
			   strerror(module->absent));
		return FAILED;
	}
	module->tried = true;
	if (!module->follower || module_is_live(module->follower->name))
		return PASSED;
	return load_livepatch(guest, module->follower, "");
}

enum outcome module_load(struct guest *guest, char *arguments)
{
	const char *label = plan_word(&arguments);
	struct module *module = module_find(guest, label);

	if (!module) {
		guest_note(guest, "%s is not in the machine", label);
		return FAILED;
	}
	if (module->is_builtin) {
		guest_note(guest, "%s is built into this kernel", label);
		devices_announce();
		return PASSED;
	}
	if (module->stuck) {
		guest_note(guest, "%s is loaded already, as it can't be removed", label);
		return SKIPPED;
	}
	return module->is_livepatch ? load_livepatch(guest, module, arguments)
				    : load_target(guest, module, arguments);
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

/* The livepatch itself says that the kernel may keep addresses in it. */
static bool stays(const struct module *livepatch)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/module/%s/notes/" KEPT_NOTE, livepatch->name);
	return !access(path, F_OK);
}

/* One that was disabled, and now can't go. */
static enum outcome leave_livepatch(struct guest *guest, const struct module *livepatch)
{
	int cause = delete (livepatch->name);

	guest->refused = true;
	if (cause == EAGAIN) {
		guest_note(
			guest,
			"%s is disabled and stays in memory: the kernel may keep addresses in it",
			livepatch->label);
		return PASSED;
	}
	guest_note(guest, "%s should stay in memory, but its removal ended with: %s",
		   livepatch->label, strerror(cause));
	return FAILED;
}

static enum outcome unload_follower(struct guest *guest, const struct module *livepatch)
{
	int cause;

	if (!module_is_live(livepatch->name))
		return PASSED;
	if (livepatch_end(guest, livepatch) == FAILED)
		return FAILED;
	if (stays(livepatch))
		return leave_livepatch(guest, livepatch);
	cause = delete (livepatch->name);
	if (!cause)
		return PASSED;
	guest_note(guest, "%s can't be removed: %s", livepatch->label, strerror(cause));
	return FAILED;
}

enum outcome module_unload(struct guest *guest, char *arguments)
{
	const char *label = plan_word(&arguments);
	struct module *module = module_find(guest, label);
	int cause;

	if (!module || module->stuck || !module_comes(guest, module->name)) {
		guest_note(guest, "%s %s", label,
			   module && module->stuck ? "can't be removed" : "is not loaded");
		return SKIPPED;
	}
	if (module->is_livepatch && livepatch_has_ended(module) && stays(module))
		return leave_livepatch(guest, module);
	cause = delete (module->name);
	if (!cause)
		return module->follower ? unload_follower(guest, module->follower) : PASSED;
	guest->refused = true;
	if (guest->learning) {
		guest_note(guest, "%s can't be removed, with or without the livepatch (%s)", label,
			   strerror(cause));
		module->stuck = true;
		return SKIPPED;
	}
	guest_note(guest, "%s can't be removed: %s", label, strerror(cause));
	return FAILED;
}

static bool probe_module(struct guest *guest, const char *label)
{
	const struct module *module = module_find(guest, label);

	if (!module || module->is_builtin || insert_dependencies(guest, module) ||
	    insert(label, ""))
		return false;
	insert_follower(guest, module);
	return true;
}

bool module_probe(struct guest *guest, const char *name)
{
	bool found = probe_module(guest, name);

	for (const struct alias *alias = guest->aliases; alias; alias = alias->next)
		if (!fnmatch(alias->pattern, name, 0))
			found |= probe_module(guest, alias->label);
	return found;
}
