/*
 * modprobe serves all who load modules: a user, the kernel that asks for one by an alias, udev
 * (which does what modprobe does with the same library).  Its `install` and `remove` lines replace
 * loading and removing a module by a command.  `softdep` would be shorter, but takes the livepatch
 * away when someone asks to remove a target that is in use and stays.
 *
 * Only what does not go through modprobe (rmmod, insmod) is not seen.  After an rmmod the livepatch
 * is left behind, and kernels before 6.3 would refuse the target for it: so what is left is removed
 * before the target is loaded.
 */
#include "build/glue.h"

/* How long a livepatch may take to be disabled, in tenths of a second. */
#define PATIENCE 600

GString *glue_begin(const char *name, const char *release)
{
	GString *glue = g_string_new(NULL);

	g_string_append_printf(glue,
			       "# klatch: loads the livepatches of %s with their modules.\n"
			       "# This file goes to /etc/modprobe.d/, the livepatches to\n"
			       "# /lib/modules/%s/updates/; then run depmod.\n",
			       name, release);
	return glue;
}

void glue_add(GString *glue, const char *target, const char *livepatch)
{
	/* A livepatch can be removed once it is disabled and its transition is over. */
	g_string_append_printf(
		glue,
		"remove %s d=/sys/kernel/livepatch/%s; i=0; "
		"if test -e $d/enabled; then echo 0 >$d/enabled; fi; "
		"while test -e $d && test $i -lt %d; do sleep 0.1; i=$((i + 1)); done; "
		"! test -e /sys/module/%s || /sbin/modprobe -r --ignore-remove %s\n",
		livepatch, livepatch, PATIENCE, livepatch, livepatch);
	g_string_append_printf(
		glue,
		"install %s test -e /sys/module/%s || /sbin/modprobe -r %s; "
		"/sbin/modprobe --ignore-install %s $CMDLINE_OPTS && { /sbin/modprobe %s || :; }\n",
		target, target, livepatch, target, livepatch);
	g_string_append_printf(glue,
			       "remove %s /sbin/modprobe -r --ignore-remove %s && "
			       "{ test -e /sys/module/%s || /sbin/modprobe -r %s; }\n",
			       target, target, target, livepatch);
}
