/*
 * Livepatches that are kept for the next boots of a made-up machine.
 */
#include <glib/gstdio.h>

#include "base/error.h"
#include "host/installed.h"
#include "machine.h"

/* The kernel of the machine, and livepatches one.o, two.o; all.o replaces others. */
static int make_kernel(void **state)
{
	make_machine(state);
	put_directory(*state, "modules/" MACHINE_RELEASE);
	g_free(make_livepatch(*state, "one", FALSE));
	g_free(make_livepatch(*state, "two", FALSE));
	g_free(make_livepatch(*state, "all", TRUE));
	return 0;
}

static void add(const struct machine *machine, const char *file)
{
	g_autofree char *path = path_in(machine->directory, file);
	g_autofree char *name = NULL, *release = NULL;
	g_autoptr(GError) error = NULL;

	assert_true(installed_add(&machine->host, path, &name, &release, &error));
	assert_no_error(error);
	assert_string_equal(release, MACHINE_RELEASE);
	/* files are told apart by when they were made */
	g_usleep(10 * G_TIME_SPAN_MILLISECOND);
}

static void assert_installed(const struct machine *machine, const char *expected)
{
	g_autoptr(GPtrArray) names = installed_names(&machine->host, MACHINE_RELEASE);

	g_ptr_array_add(names, NULL);
	g_autofree char *joined = g_strjoinv(" ", (char **)names->pdata);
	assert_string_equal(joined, expected);
}

static void test_in_order_of_installation(void **state)
{
	const struct machine *machine = *state;

	assert_installed(machine, "");
	add(machine, "two.o");
	add(machine, "one.o");
	assert_installed(machine, "two one");
	add(machine, "two.o");
	assert_installed(machine, "one two");
	g_autoptr(GPtrArray) releases = installed_releases(&machine->host);
	assert_int_equal(releases->len, 1);
	assert_string_equal(releases->pdata[0], MACHINE_RELEASE);
}

static void test_content_is_kept(void **state)
{
	const struct machine *machine = *state;
	g_autofree char *path = installed_path(&machine->host, MACHINE_RELEASE, "one");

	add(machine, "one.o");
	g_free(output_of(machine->directory, "cmp", "one.o", path, NULL));
}

static void test_one_that_replaces(void **state)
{
	const struct machine *machine = *state;

	add(machine, "one.o");
	add(machine, "two.o");
	add(machine, "all.o");
	assert_installed(machine, "all");
	add(machine, "one.o");
	assert_installed(machine, "all one");
}

static void test_removed(void **state)
{
	const struct machine *machine = *state;
	g_autofree char *directory = path_in(machine->host.modules, MACHINE_RELEASE "/klatch");
	g_autoptr(GError) error = NULL;

	add(machine, "one.o");
	add(machine, "two.o");
	assert_true(boot_lock(&machine->host, MACHINE_RELEASE, &error));
	assert_true(installed_remove(&machine->host, MACHINE_RELEASE, "one", &error));
	assert_installed(machine, "two");
	assert_false(installed_remove(&machine->host, MACHINE_RELEASE, "one", &error));
	assert_error(&error, KLATCH_REFUSED, "none of this name");
	assert_false(installed_remove(&machine->host, MACHINE_RELEASE, "../klatch/two", &error));
	assert_error(&error, KLATCH_REFUSED, "none of this name");
	assert_true(installed_remove(&machine->host, MACHINE_RELEASE, "two", &error));
	assert_false(g_file_test(directory, G_FILE_TEST_EXISTS));
}

static void test_not_installed(void **state)
{
	const struct machine *machine = *state;
	g_autofree char *path = path_in(machine->directory, "one.o");
	g_autofree char *text = path_in(machine->directory, "text");
	g_autofree char *name = NULL, *release = NULL;
	g_autoptr(GError) error = NULL;

	write_text(machine->directory, "text", "no livepatch");
	assert_false(installed_add(&machine->host, text, &name, &release, &error));
	assert_error(&error, KLATCH_INPUT, "can't be read");
	g_free(output_of(machine->directory, "rm", "-r", "modules/" MACHINE_RELEASE, NULL));
	assert_false(installed_add(&machine->host, path, &name, &release, &error));
	assert_error(&error, KLATCH_REFUSED, "there is no kernel " MACHINE_RELEASE);
	assert_null(name);
}

static void test_lock(void **state)
{
	const struct machine *machine = *state;
	g_autoptr(GError) error = NULL;

	assert_false(boot_lock(&machine->host, MACHINE_RELEASE, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "No such file");
	add(machine, "one.o");
	assert_false(boot_is_locked(&machine->host, MACHINE_RELEASE));
	put(machine, "proc/sys/kernel/random/boot_id", "first\n");
	assert_true(boot_lock(&machine->host, MACHINE_RELEASE, &error));
	assert_false(boot_is_locked(&machine->host, MACHINE_RELEASE));
	assert_installed(machine, "one");
	put(machine, "proc/sys/kernel/random/boot_id", "second\n");
	assert_true(boot_is_locked(&machine->host, MACHINE_RELEASE));
	assert_true(boot_unlock(&machine->host, MACHINE_RELEASE, &error));
	assert_true(boot_is_locked(&machine->host, MACHINE_RELEASE));
	assert_true(boot_lock(&machine->host, MACHINE_RELEASE, &error));
	assert_true(boot_unlock(&machine->host, MACHINE_RELEASE, &error));
	put(machine, "proc/sys/kernel/random/boot_id", "third\n");
	assert_false(boot_is_locked(&machine->host, MACHINE_RELEASE));
	assert_true(boot_unlock(&machine->host, MACHINE_RELEASE, &error));
}

static void test_disabled(void **state)
{
	const struct machine *machine = *state;

	assert_false(boot_is_disabled(&machine->host));
	put(machine, "proc/cmdline", "root=/dev/sda quiet klatch.disabled\n");
	assert_false(boot_is_disabled(&machine->host));
	put(machine, "proc/cmdline", "root=/dev/sda quiet klatch.disable\n");
	assert_true(boot_is_disabled(&machine->host));
}

#define KERNEL_TEST(function) cmocka_unit_test_setup_teardown(function, make_kernel, remove_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KERNEL_TEST(test_in_order_of_installation),
		KERNEL_TEST(test_content_is_kept),
		KERNEL_TEST(test_one_that_replaces),
		KERNEL_TEST(test_removed),
		KERNEL_TEST(test_not_installed),
		KERNEL_TEST(test_lock),
		KERNEL_TEST(test_disabled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
