/*
 * Patch files read: which files they name, and what is refused before patch(1) sees it.
 */
#include <string.h>

#include "base/error.h"
#include "help.h"
#include "tree/patch.h"

#define HUNK "@@ -1,2 +1,2 @@ context\n 1\n-2\n+two\n"

static GPtrArray *read_text(const char *text, GError **error)
{
	return patch_read(text, strlen(text), "fix.patch", error);
}

static void assert_file(const GPtrArray *files, guint number, const char *original,
			const char *patched, guint hunks)
{
	assert_in_range(number, 0, files->len - 1);
	const struct patch_file *file = g_ptr_array_index(files, number);

	assert_int_equal(g_strcmp0(file->original, original), 0);
	assert_int_equal(g_strcmp0(file->patched, patched), 0);
	assert_int_equal(file->hunks, hunks);
}

static void test_mail_from_git(void **state)
{
	static const char text[] = "From 123 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] one\n\n"
				   "Text that says --- and\n+++ and\nrename from here.\n"
				   "---\n drivers/one.c | 2 +-\n 1 file changed\n\n"
				   "diff --git a/drivers/one.c b/drivers/one.c\n"
				   "old mode 100755\nnew mode 100644\nindex 1234567..89abcde\n"
				   "--- a/drivers/one.c\n+++ b/drivers/one.c\n" HUNK
				   "@@ -9 +9,2 @@\n-nine\n+9\n+9a\n\\ No newline at end of file\n"
				   "diff --git a/new.h b/new.h\nnew file mode 100644\nindex 0..1\n"
				   "--- /dev/null\n+++ b/new.h\n@@ -0,0 +1 @@\n+1\n"
				   "diff --git a/old.h b/old.h\ndeleted file mode 100644\n"
				   "--- a/old.h\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n"
				   "-- \n2.40.1\n\n";
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) files = read_text(text, &error);

	assert_no_error(error);
	assert_int_equal(files->len, 3);
	assert_file(files, 0, "drivers/one.c", "drivers/one.c", 2);
	assert_file(files, 1, NULL, "new.h", 1);
	assert_file(files, 2, "old.h", NULL, 1);
}

static void test_plain_diff(void **state)
{
	static const char text[] =
		"diff -ruN linux.orig/one.c linux/one.c\n"
		"--- linux.orig/one.c\t2026-11-22 10:00:00.0 +0100\n"
		"+++ linux/one.c\t2026-11-22 11:00:00.0 +0100\n" HUNK
		"--- linux.orig/new.c\t1970-01-01 01:00:00.0 +0100\n"
		"+++ linux/new.c\t2026-11-22 11:00:00.0 +0100\n@@ -0,0 +1 @@\n+1\n";
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) files = read_text(text, &error);

	assert_no_error(error);
	assert_int_equal(files->len, 2);
	assert_file(files, 0, "one.c", "one.c", 1);
	assert_file(files, 1, NULL, "new.c", 1);
}

/* Lines of a hunk may look like anything, and a mailer may have cut their last space. */
static void test_hunk_is_skipped(void **state)
{
	static const char text[] = "--- a/one.c\n+++ b/one.c\n@@ -1,5 +1,4 @@\n\n--- a/two.c\n"
				   "+++ b/two.c\n 3\n-@@ -1 +1 @@\n 4\n";
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) files = read_text(text, &error);

	assert_no_error(error);
	assert_int_equal(files->len, 1);
	assert_file(files, 0, "one.c", "one.c", 1);
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum klatch_code code;
		const char *reason;
	} cases[] = {
		{"", KLATCH_INPUT, "it changes no file"},
		{"just text\n", KLATCH_INPUT, "it changes no file"},
		{"diff --git a/one b/one\nold mode 100644\nnew mode 100755\n", KLATCH_INPUT,
		 "it changes no file"},
		{"*** a/one.c\n--- b/one.c\n***************\n*** 1 ****\n! 1\n--- 1 ----\n! 2\n",
		 KLATCH_INPUT, "it changes no file"},
		{"--- a/one.c\n+++ b/one.c\n", KLATCH_INPUT, "without changing it"},
		{HUNK, KLATCH_INPUT, "before any file's name"},
		{"--- a/one.c\n+++ b/one.c\n" HUNK "diff --git a/two.c b/two.c\n" HUNK,
		 KLATCH_INPUT, "fix.patch:8"},
		{"--- a/one.c\n+++ b/one.c\n@@ -1,2 +1,2 @@\n 1\n-2\n", KLATCH_INPUT,
		 "it ends within a hunk"},
		{"--- a/one.c\n+++ b/one.c\n@@ -1,2 +1,2 @@\n 1\n-2\n-3\n", KLATCH_INPUT,
		 "a hunk is damaged"},
		{"--- a/one.c\n+++ b/one.c\n@@ -1,2 +1,2 @@\n 1\n!2\n", KLATCH_INPUT,
		 "a hunk is damaged"},
		{"--- a/one.c\n+++ b/one.c\n@@ -1,x +1,2 @@\n", KLATCH_INPUT, "header is damaged"},
		{"--- a/one.c\n+++ b/one.c\n@@ -1 +9999999999 @@\n", KLATCH_INPUT,
		 "header is damaged"},
		{"--- one.c\n+++ one.c\n" HUNK, KLATCH_INPUT, "DIRECTORY/FILE"},
		{"--- /etc/passwd\n+++ /etc/passwd\n" HUNK, KLATCH_INPUT, "DIRECTORY/FILE"},
		{"--- a/../one.c\n+++ b/../one.c\n" HUNK, KLATCH_INPUT, "outside of the tree"},
		{"--- a//one.c\n+++ b//one.c\n" HUNK, KLATCH_INPUT, "outside of the tree"},
		{"--- a/b/./one.c\n+++ b/b/./one.c\n" HUNK, KLATCH_INPUT, "outside of the tree"},
		{"--- a/one/..\n+++ b/one/..\n" HUNK, KLATCH_INPUT, "outside of the tree"},
		{"--- a/\n+++ b/\n" HUNK, KLATCH_INPUT, "outside of the tree"},
		{"--- \"a/one\\t.c\"\n+++ \"b/one\\t.c\"\n" HUNK, KLATCH_INPUT, "in quotes"},
		{"--- /dev/null\n+++ /dev/null\n" HUNK, KLATCH_INPUT, "names no file"},
		{"--- a/one.c\n+++ b/two.c\n" HUNK, KLATCH_REFUSED, "changes a file's name"},
		{"diff --git a/one.c b/two.c\nsimilarity index 90%\nrename from one.c\n",
		 KLATCH_REFUSED, "renames a file"},
		{"diff --git a/one.c b/two.c\ncopy from one.c\n", KLATCH_REFUSED, "copies a file"},
		{"diff --git a/one b/one\nGIT binary patch\nliteral 1\n", KLATCH_REFUSED,
		 "binary file"},
		{"Binary files a/one and b/one differ\n", KLATCH_REFUSED, "binary file"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(read_text(cases[i].text, &error));
		assert_error(&error, cases[i].code, cases[i].reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail_from_git),
		cmocka_unit_test(test_plain_diff),
		cmocka_unit_test(test_hunk_is_skipped),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
