/*
 * Files: whole, or not at all.
 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"

static guint count_entries(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	guint count = 0;

	while (g_dir_read_name(dir))
		count++;
	return count;
}

static void test_written_is_read(void **state)
{
	g_autofree char *path = path_in(*state, "file");
	g_autoptr(GError) error = NULL;

	assert_true(files_write(path, "a\0b", 3, &error));
	g_autoptr(GBytes) bytes = files_map(path, &error);
	assert_no_error(error);
	assert_int_equal(g_bytes_get_size(bytes), 3);
	assert_memory_equal(g_bytes_get_data(bytes, NULL), "a\0b", 3);

	assert_true(files_write(path, "text", 4, &error));
	g_autofree char *text = files_read_text(path, &error);
	assert_string_equal(text, "text");
	/* what was mapped before is still the file it was */
	assert_memory_equal(g_bytes_get_data(bytes, NULL), "a\0b", 3);
}

static void test_empty_file(void **state)
{
	g_autofree char *path = path_in(*state, "empty");
	g_autoptr(GError) error = NULL;

	assert_true(files_write(path, NULL, 0, &error));
	g_autoptr(GBytes) bytes = files_map(path, &error);
	assert_no_error(error);
	assert_int_equal(g_bytes_get_size(bytes), 0);
	g_autofree char *text = files_read_text(path, &error);
	assert_string_equal(text, "");
}

static void test_unreadable_is_named(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *binary = path_in(*state, "binary");

	assert_null(files_map("/nonesuch", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "/nonesuch: ");
	assert_null(files_map(*state, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "not a regular file");
	assert_null(files_read_text("/dev/zero", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "not a regular file");
	files_write(binary, "a\0b", 3, NULL);
	assert_null(files_read_text(binary, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "not a text file");
}

static void test_permissions_follow_the_umask(void **state)
{
	g_autofree char *path = path_in(*state, "open");
	mode_t before = umask(027);
	struct stat status;

	files_write(path, "x", 1, NULL);
	umask(before);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
}

/* The disk full, as a limit on the size of files shows it: the old file stays, nothing is left. */
static void test_failed_write_leaves_what_was(void **state)
{
	g_autofree char *directory = path_in(*state, "full");
	g_autofree char *path = path_in(directory, "kept");
	g_autofree char *large = g_malloc0(1 << 20);
	g_autoptr(GError) error = NULL;
	struct rlimit old, low;

	assert_true(files_make_directory(directory, NULL));
	assert_true(files_write(path, "old", 3, NULL));
	getrlimit(RLIMIT_FSIZE, &old);
	low = (struct rlimit){4096, old.rlim_max};
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &low);
	gboolean written = files_write(path, large, 1 << 20, &error);
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, handler);

	assert_false(written);
	assert_error(&error, KLATCH_ENVIRONMENT, "kept: the file can't be written");
	g_autofree char *text = files_read_text(path, NULL);
	assert_string_equal(text, "old");
	assert_int_equal(count_entries(directory), 1);
	assert_false(files_write("/nonesuch/file", "x", 1, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "/nonesuch/file");
}

static void test_directories(void **state)
{
	g_autofree char *deep = path_in(*state, "a/b/c");
	g_autofree char *file = path_in(*state, "a/file");
	g_autofree char *below = path_in(*state, "a/file/d");
	g_autoptr(GError) error = NULL;

	assert_true(files_make_directory(deep, &error));
	assert_true(files_make_directory(deep, &error));
	assert_true(g_file_test(deep, G_FILE_TEST_IS_DIR));
	files_write(file, "x", 1, NULL);
	assert_false(files_make_directory(below, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "a/file/d");
}

static void test_removed_tree_follows_no_link(void **state)
{
	g_autofree char *tree = path_in(*state, "tree/below");
	g_autofree char *root = path_in(*state, "tree");
	g_autofree char *kept = path_in(*state, "kept");
	g_autofree char *kept_file = path_in(kept, "file");
	g_autofree char *link = path_in(tree, "link");
	g_autoptr(GError) error = NULL;

	files_make_directory(tree, NULL);
	files_make_directory(kept, NULL);
	files_write(kept_file, "x", 1, NULL);
	assert_int_equal(symlink(kept, link), 0);
	assert_true(files_remove_tree(root, &error));
	assert_false(g_file_test(root, G_FILE_TEST_EXISTS));
	assert_true(g_file_test(kept_file, G_FILE_TEST_EXISTS));
	assert_true(files_remove_tree(root, &error));
	assert_true(files_remove_tree(kept_file, &error));
	assert_false(g_file_test(kept_file, G_FILE_TEST_EXISTS));
	assert_false(files_remove_tree("/proc/self/fd", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "/proc/self/fd");
}

static void test_temporary_directories_differ(void **state)
{
	g_autofree char *first = files_temporary_directory(NULL);
	g_autofree char *second = files_temporary_directory(NULL);

	assert_string_not_equal(first, second);
	assert_true(files_remove_tree(first, NULL));
	assert_true(files_remove_tree(second, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_is_read),
		cmocka_unit_test(test_empty_file),
		cmocka_unit_test(test_unreadable_is_named),
		cmocka_unit_test(test_permissions_follow_the_umask),
		cmocka_unit_test(test_failed_write_leaves_what_was),
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_removed_tree_follows_no_link),
		cmocka_unit_test(test_temporary_directories_differ),
	};

	return cmocka_run_group_tests_name("files", tests, make_directory, remove_directory);
}
