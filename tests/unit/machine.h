/*
 * Made-up machines for the tests of src/host: trees of /proc and /sys in a directory, and a
 * livepatch that such a machine may load.
 */
#ifndef KLATCH_TESTS_MACHINE_H
#define KLATCH_TESTS_MACHINE_H

#include "help.h"
#include "host/host.h"

#define MACHINE_RELEASE "6.1.0-test"
#define MACHINE_VERSION "#1 SMP Test 6.1-1"

struct machine {
	struct host host; /* proc/, sys/, kmsg, modules/ and boot/ in the directory */
	char *directory;
};

/* cmocka set-up and tear-down of a test: *state is an empty machine. */
int make_machine(void **state);
int remove_machine(void **state);
#define MACHINE_TEST(function)                                                                     \
	cmocka_unit_test_setup_teardown(function, make_machine, remove_machine)

/* A file with the directories above it; a directory. */
void put(const struct machine *machine, const char *file, const char *text);
void put_directory(const struct machine *machine, const char *name);

/*
 * NAME.o in the machine's directory: a livepatch that replaces proc of vmlinux and t_show of t,
 * whose build ID is the note "note of t", and that takes the export exported and the klp symbols
 * vmlinux.hidden at position 2 and t.helper.  Caller frees the path.
 */
char *make_livepatch(const struct machine *machine, const char *name, gboolean replace);

#endif
