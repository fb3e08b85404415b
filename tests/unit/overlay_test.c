/*
 * Patches over a small tree.  What happens inside of one file are the folders of
 * tests/cases/overlay: source.c, fix.patch, and what must come of it.
 */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "tree/overlay.h"

#define CASES "tests/cases/overlay"

/* A kernel that has no more than a source tree. */
struct fixture {
	struct kernel kernel;
	char *patch;
	char *directory;
};

static void make_fixture(struct fixture *fixture, const char *directory)
{
	fixture->kernel = (struct kernel){.source = path_in(directory, "source")};
	fixture->patch = path_in(directory, "fix.patch");
	fixture->directory = path_in(directory, "overlay");
	g_free(output_of(directory, "mkdir", "-p", "source/a/b", "source/c", NULL));
	write_text(directory, "source/a/b/one.c", "1\n2\n3\n4\n5\n");
	write_text(directory, "source/a/b/one.h", "1\n2\n3\n");
	write_text(directory, "source/a/two.txt", "1\n2\n3\n");
	write_text(directory, "source/c/three.h", "1\n2\n3\n");
}

static void clear_fixture(struct fixture *fixture)
{
	g_free(fixture->kernel.source);
	g_free(fixture->patch);
	g_free(fixture->directory);
}
#define AUTO_FIXTURE __attribute__((cleanup(clear_fixture))) struct fixture

static struct overlay *apply(const struct fixture *fixture, const char *patch, GError **error)
{
	const char *patches[] = {fixture->patch, NULL};

	assert_true(files_write(fixture->patch, patch, strlen(patch), NULL));
	return overlay_new(&fixture->kernel, patches, fixture->directory, error);
}

/* Fails unless a file of the overlay holds a text. */
static void assert_text(const char *root, const char *path, const char *expected)
{
	g_autofree char *file = path_in(root, path);
	g_autofree char *text = files_read_text(file, NULL);

	assert_non_null(text);
	assert_string_equal(text, expected);
}

static void assert_file(const struct overlay *overlay, guint number, const char *path,
			enum patched_change change, gboolean file_scope)
{
	assert_in_range(number, 0, overlay->files->len - 1);
	const struct patched_file *file = g_ptr_array_index(overlay->files, number);

	assert_string_equal(file->path, path);
	assert_int_equal(file->change, change);
	assert_int_equal(file->file_scope, file_scope);
}

static gboolean is_link(const char *root, const char *path)
{
	g_autofree char *file = path_in(root, path);

	return g_file_test(file, G_FILE_TEST_IS_SYMLINK);
}

/* The lines that the compiler leaves of a file and that hold a line's number. */
static char *numbers(const char *directory, const char *file, const char *options)
{
	g_autofree char *command = g_strdup_printf(
		"gcc -E -P %s %s | grep -E '(before|between|inner|marked|after) ='", options, file);

	return output_of(directory, "sh", "-c", command, NULL);
}

/* What was not changed has the numbers that it had, whatever is configured. */
static void assert_numbers(const char *directory, const char *original, const char *patched)
{
	static const char *const configurations[] = {"", "-DFEATURE", "-DFEATURE -DOTHER"};

	for (gsize i = 0; i < G_N_ELEMENTS(configurations); i++) {
		g_autofree char *before = numbers(directory, original, configurations[i]);
		g_autofree char *now = numbers(directory, patched, configurations[i]);

		assert_string_equal(before, now);
	}
}

static void check_case(const char *name, void **state)
{
	const char *directory = *state;
	g_autofree char *folder = g_build_filename(CASES, name, NULL);
	g_autofree char *root = g_get_current_dir();
	g_autofree char *source = g_build_filename(root, folder, NULL);
	g_autofree char *patch = path_in(folder, "fix.patch"), *scope = path_in(folder, "scope");
	g_autofree char *expected = path_in(folder, "expected.c");
	g_autofree char *original = path_in(source, "source.c");
	g_autofree char *here = path_in(directory, name);
	const char *patches[] = {patch, NULL};
	const struct kernel kernel = {.source = source};
	g_autoptr(GError) error = NULL;

	AUTO(overlay) overlay = overlay_new(&kernel, patches, here, &error);
	assert_no_error(error);
	g_autofree char *scope_text = files_read_text(scope, NULL);
	g_autofree char *expected_text = files_read_text(expected, NULL);
	assert_file(overlay, 0, "source.c", PATCHED_MODIFIED, !strcmp(scope_text, "file\n"));
	assert_text(overlay->root, "source.c", expected_text);
	assert_numbers(overlay->root, original, "source.c");
}

static void test_cases(void **state)
{
	each_case(CASES, 31, check_case, state);
}

static const char two_files[] = "From someone\n"
				"---\n a/b/one.c | 1 +\n\n"
				"diff --git a/a/b/one.c b/a/b/one.c\n"
				"index 123..456 100644\n"
				"--- a/a/b/one.c\n+++ b/a/b/one.c\n"
				"@@ -1,3 +1,4 @@\n 1\n+new\n 2\n 3\n"
				"--- a/c/three.h\t2026-01-01\n+++ b/c/three.h\t2026-01-02\n"
				"@@ -2 +2 @@\n-2\n+two\n"
				"-- \n2.40\n";

static void test_tree_is_whole(void **state)
{
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	AUTO(overlay) overlay = apply(&fixture, two_files, &error);
	assert_no_error(error);
	assert_int_equal(overlay->files->len, 2);
	assert_file(overlay, 0, "a/b/one.c", PATCHED_MODIFIED, TRUE);
	assert_file(overlay, 1, "c/three.h", PATCHED_MODIFIED, TRUE);
	assert_text(overlay->root, "a/b/one.c", "1\nnew\n#line 2\n2\n3\n4\n5\n");
	assert_text(overlay->root, "c/three.h", "1\ntwo\n3\n");
	/* what the patch does not touch is there too, in directories that ".." leads out of */
	assert_text(overlay->root, "a/b/one.h", "1\n2\n3\n");
	assert_text(overlay->root, "a/b/../two.txt", "1\n2\n3\n");
	assert_true(is_link(overlay->root, "a/b/one.h"));
	assert_false(is_link(overlay->root, "a/b"));
	/* and the original is as it was */
	assert_text(fixture.kernel.source, "a/b/one.c", "1\n2\n3\n4\n5\n");

	assert_true(overlay_complete_plain(overlay, &fixture.kernel, &error));
	assert_text(overlay->plain_root, "a/b/one.c", "1\nnew\n2\n3\n4\n5\n");
	assert_text(overlay->plain_root, "a/two.txt", "1\n2\n3\n");
}

static void test_directory_is_unfolded(void **state)
{
	static const char patch[] = "--- a/c/three.h\n+++ b/c/three.h\n@@ -2 +2 @@\n-2\n+two\n";
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	AUTO(overlay) overlay = apply(&fixture, patch, &error);
	assert_no_error(error);
	/* through the link ".." leads out */
	assert_true(is_link(overlay->root, "a"));
	assert_text(overlay->root, "a/b/../../c/three.h", "1\n2\n3\n");
	assert_true(overlay_unfold(overlay, &fixture.kernel, "a/b", &error));
	assert_text(overlay->root, "a/b/../../c/three.h", "1\ntwo\n3\n");
	assert_text(overlay->root, "a/b/one.h", "1\n2\n3\n");
	assert_true(overlay_unfold(overlay, &fixture.kernel, "a/b", &error));
}

static void test_header_for_patches(void **state)
{
	static const char patch[] = "--- a/c/three.h\n+++ b/c/three.h\n@@ -2 +2 @@\n-2\n+two\n";
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	AUTO(overlay) overlay = apply(&fixture, patch, &error);
	assert_no_error(error);
	g_autofree char *numbered = path_in(overlay->root, "include/klatch/patch.h");
	g_autofree char *plain = path_in(overlay->plain_root, "include/klatch/patch.h");
	assert_true(g_file_test(numbered, G_FILE_TEST_IS_REGULAR));
	assert_true(g_file_test(plain, G_FILE_TEST_IS_REGULAR));
}

static void test_files_come_and_go(void **state)
{
	static const char patch[] = "diff --git a/d/new.c b/d/new.c\nnew file mode 100644\n"
				    "--- /dev/null\n+++ b/d/new.c\n@@ -0,0 +1 @@\n+1\n"
				    "--- a/a/b/one.h\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-1\n-2\n-3\n"
				    "--- a/c/also.h\n+++ b/c/also.h\n@@ -0,0 +1 @@\n+1\n";
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	AUTO(overlay) overlay = apply(&fixture, patch, &error);
	assert_no_error(error);
	assert_int_equal(overlay->files->len, 3);
	assert_file(overlay, 0, "a/b/one.h", PATCHED_DELETED, TRUE);
	assert_file(overlay, 1, "c/also.h", PATCHED_ADDED, TRUE);
	assert_file(overlay, 2, "d/new.c", PATCHED_ADDED, TRUE);
	g_autofree char *deleted = path_in(overlay->root, "a/b/one.h");
	assert_int_not_equal(access(deleted, F_OK), 0);
	assert_text(overlay->root, "a/b/one.c", "1\n2\n3\n4\n5\n");
	assert_text(overlay->root, "d/new.c", "1\n");
}

static void test_patches_in_order(void **state)
{
	static const char first[] = "--- a/c/three.h\n+++ b/c/three.h\n@@ -2 +2 @@\n-2\n+two\n"
				    "--- a/a/two.txt\n+++ b/a/two.txt\n@@ -2 +2 @@\n-2\n+two\n";
	static const char second[] = "--- a/c/three.h\n+++ b/c/three.h\n@@ -2 +2 @@\n-two\n+2\n"
				     "--- a/a/two.txt\n+++ b/a/two.txt\n@@ -2 +2 @@\n-two\n+II\n";
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	write_text(*state, "first.patch", first);
	write_text(*state, "second.patch", second);
	g_autofree char *one = path_in(*state, "first.patch");
	g_autofree char *two = path_in(*state, "second.patch");
	const char *patches[] = {one, two, NULL};
	AUTO(overlay)
	overlay = overlay_new(&fixture.kernel, patches, fixture.directory, &error);
	assert_no_error(error);
	/* one file is as it was in the end, so it is no part of the change */
	assert_int_equal(overlay->files->len, 1);
	assert_file(overlay, 0, "a/two.txt", PATCHED_MODIFIED, TRUE);
	assert_text(overlay->root, "a/two.txt", "1\nII\n3\n");
	assert_true(is_link(overlay->root, "c/three.h"));
	assert_text(overlay->root, "c/three.h", "1\n2\n3\n");
	assert_true(overlay_complete_plain(overlay, &fixture.kernel, &error));
	assert_text(overlay->plain_root, "c/three.h", "1\n2\n3\n");
}

static void test_what_does_not_apply(void **state)
{
	static const struct {
		const char *patch;
		enum klatch_code code;
		const char *where, *why;
	} cases[] = {
		{"--- a/a/b/one.c\n+++ b/a/b/one.c\n@@ -1,3 +1,2 @@\n 1\n-2\n 3\n"
		 "@@ -4,2 +3 @@\n four\n-5\n",
		 KLATCH_REFUSED, "fix.patch, hunk 2: a/b/one.c:3", "the lines it expects"},
		{"--- a/a/b/one.c\n+++ b/a/b/one.c\n@@ -1,2 +1,3 @@\n 1\n+2\n 2\n"
		 "--- a/c/three.h\n+++ b/c/three.h\n@@ -2 +2 @@\n-zwei\n+two\n",
		 KLATCH_REFUSED, "fix.patch, hunk 1: c/three.h:2", "the lines it expects"},
		{"--- a/c/three.h\n+++ b/c/three.h\n@@ -1,3 +1,3 @@\n 1\n-two\n+2\n 3\n",
		 KLATCH_REFUSED, "c/three.h", "in this kernel's source already"},
		{"--- a/c/none.h\n+++ b/c/none.h\n@@ -2 +2 @@\n-2\n+two\n", KLATCH_REFUSED,
		 "c/none.h", "not in this kernel's source"},
		{"--- /dev/null\n+++ b/c/three.h\n@@ -0,0 +1 @@\n+1\n", KLATCH_REFUSED, "c/three.h",
		 "in this kernel's source already"},
		{"--- a/../c/three.h\n+++ b/../c/three.h\n@@ -2 +2 @@\n-2\n+two\n", KLATCH_INPUT,
		 "fix.patch:1", "outside of the tree"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		AUTO_FIXTURE fixture;
		g_autoptr(GError) error = NULL;

		make_fixture(&fixture, *state);
		assert_null(apply(&fixture, cases[i].patch, &error));
		assert_true(g_error_matches(error, KLATCH_ERROR, cases[i].code));
		if (!g_str_has_suffix(klatch_error_reason(error)->where, cases[i].where))
			fail_msg("%s is not %s", klatch_error_reason(error)->where, cases[i].where);
		assert_error(&error, cases[i].code, cases[i].why);
		assert_true(files_remove_tree(fixture.directory, NULL));
	}
}

static void test_links_are_not_written_through(void **state)
{
	static const char patch[] = "--- a/link.c\n+++ b/link.c\n@@ -1 +1 @@\n-1\n+one\n";
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	write_text(*state, "victim", "1\n");
	g_free(output_of(*state, "ln", "-s", "../victim", "source/link.c", NULL));
	assert_null(apply(&fixture, patch, &error));
	assert_error(&error, KLATCH_REFUSED, "link.c");
	assert_text(*state, "victim", "1\n");
}

/* Some of the files as another patch makes them, or none; the others as they were. */
static void test_some_files_anew(void **state)
{
	static const char first[] = "--- a/c/three.h\n+++ b/c/three.h\n@@ -2 +2 @@\n-2\n+two\n"
				    "--- a/a/two.txt\n+++ b/a/two.txt\n@@ -2 +2 @@\n-2\n+two\n"
				    "--- a/c/also.h\n+++ b/c/also.h\n@@ -0,0 +1 @@\n+1\n"
				    "--- a/a/b/one.h\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-1\n-2\n-3\n"
				    "--- a/a/b/one.c\n+++ b/a/b/one.c\n@@ -5 +5 @@\n-5\n+five\n";
	static const char second[] = "--- a/a/two.txt\n+++ b/a/two.txt\n@@ -3 +3 @@\n-3\n+III\n";
	static const char *const anew[] = {"c/three.h", "a/two.txt", "c/also.h", "a/b/one.h"};
	g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	AUTO(overlay) overlay = apply(&fixture, first, &error);
	assert_no_error(error);
	assert_true(overlay_complete_plain(overlay, &fixture.kernel, &error));
	write_text(*state, "second.patch", second);
	g_autofree char *patch = path_in(*state, "second.patch");
	for (gsize i = 0; i < G_N_ELEMENTS(anew); i++)
		g_hash_table_add(paths, (gpointer)anew[i]);
	assert_true(overlay_repatch(overlay, &fixture.kernel, paths,
				    (const char *const[]){patch, NULL}, &error));
	assert_no_error(error);
	assert_int_equal(overlay->files->len, 2);
	assert_string_equal(((struct patched_file *)overlay->files->pdata[0])->path, "a/b/one.c");
	assert_string_equal(((struct patched_file *)overlay->files->pdata[1])->path, "a/two.txt");
	assert_text(overlay->root, "a/two.txt", "1\n2\nIII\n");
	assert_text(overlay->root, "c/three.h", "1\n2\n3\n");
	assert_text(overlay->root, "a/b/one.h", "1\n2\n3\n");
	assert_text(overlay->plain_root, "a/b/one.c", "1\n2\n3\n4\nfive\n");
	assert_false(is_link(overlay->root, "a/two.txt"));
	assert_true(is_link(overlay->root, "c/three.h"));
	g_autofree char *added = path_in(overlay->root, "c/also.h");
	assert_int_not_equal(access(added, F_OK), 0);
	assert_true(overlay_complete_plain(overlay, &fixture.kernel, &error));
	assert_text(overlay->plain_root, "c/three.h", "1\n2\n3\n");
	assert_text(overlay->plain_root, "a/two.txt", "1\n2\nIII\n");
	/* nothing was written through a link */
	assert_text(fixture.kernel.source, "a/two.txt", "1\n2\n3\n");
	assert_text(fixture.kernel.source, "c/three.h", "1\n2\n3\n");
	assert_text(fixture.kernel.source, "a/b/one.c", "1\n2\n3\n4\n5\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
		TEST(test_cases),
		TEST(test_tree_is_whole),
		TEST(test_directory_is_unfolded),
		TEST(test_header_for_patches),
		TEST(test_files_come_and_go),
		TEST(test_patches_in_order),
		TEST(test_what_does_not_apply),
		TEST(test_some_files_anew),
		TEST(test_links_are_not_written_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
