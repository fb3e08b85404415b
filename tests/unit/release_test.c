/*
 * Releases: two small trees split into changes, and the changelog between two versions.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "release/changelog.h"
#include "release/changes.h"

/* --- trees ----------------------------------------------------------------------------------- */

/* A kernel that is built from everything but what lies in "other/". */
static gboolean holds(struct built *built, const char *path)
{
	return !g_str_has_prefix(path, "other/");
}

static void free_nothing(struct built *built)
{
}

/* Writes one side of a tree: path and text in turns, up to NULL. */
static void write_tree(const char *directory, const char *side, const char *const *files)
{
	for (; *files; files += 2) {
		g_autofree char *path = g_build_filename(side, files[0], NULL);
		g_autofree char *whole = path_in(directory, path);
		g_autofree char *parent = g_path_get_dirname(whole);

		assert_true(files_make_directory(parent, NULL));
		write_text(directory, path, files[1]);
	}
}

static struct changes *split(const char *directory, const char *const *original,
			     const char *const *patched)
{
	struct built built = {.holds = holds, .free = free_nothing};
	g_autofree char *before = path_in(directory, "before");
	g_autofree char *after = path_in(directory, "after");
	g_autoptr(GError) error = NULL;
	struct changes *changes;

	write_tree(directory, "before", original);
	write_tree(directory, "after", patched);
	changes = changes_between(before, after, &built, NULL, &error);
	assert_no_error(error);
	return changes;
}

/* Twenty numbered lines, some of them replaced: "3=text" for line 3; "3" takes it out. */
static char *numbered(const char *const *replaced)
{
	GString *text = g_string_new(NULL);

	for (guint i = 1; i <= 20; i++) {
		const char *const *at = replaced;

		while (*at && strtoul(*at, NULL, 10) != i)
			at++;
		if (!*at)
			g_string_append_printf(text, "int line_%u;\n", i);
		else if (strchr(*at, '='))
			g_string_append_printf(text, "%s\n", strchr(*at, '=') + 1);
	}
	return g_string_free(text, FALSE);
}

static void test_trees_are_compared(void **state)
{
	AUTO(changes)
	changes = split(*state,
			(const char *[]){"a/same.c", "int a;\n", "a/gone.c", "int b;\n", "m/m.c",
					 "int c;\n", "other/o.c", "int d;\n", NULL},
			(const char *[]){"a/same.c", "int a;\n", "m/m.c", "int e;\n", "other/o.c",
					 "int f;\n", "n/new.c", "int g;\n", NULL});

	assert_int_equal(changes->files->len, 4);
	const struct changed_file *const *files = (gpointer)changes->files->pdata;
	assert_string_equal(files[0]->path, "a/gone.c");
	assert_int_equal(files[0]->change, PATCHED_DELETED);
	assert_string_equal(files[1]->path, "m/m.c");
	assert_int_equal(files[1]->change, PATCHED_MODIFIED);
	assert_string_equal(files[2]->path, "n/new.c");
	assert_int_equal(files[2]->change, PATCHED_ADDED);
	assert_int_equal(changes->unbuilt->len, 1);
	assert_ptr_equal(g_ptr_array_index(changes->unbuilt, 0), files[3]);
}

/* All changes together make the patched tree out of the original one. */
static void test_patch_leads_to_the_patched_tree(void **state)
{
	static const char *const none[] = {NULL};
	static const char *const some[] = {"1",	   "3=int three;", "4=int four;\nint five;",
					   "12=x", "20",	   NULL};
	g_autofree char *before = numbered(none), *after = numbered(some);
	g_autofree char *patch = path_in(*state, "patch");
	g_autoptr(GError) error = NULL;
	AUTO(changes)
	changes = split(
		*state,
		(const char *[]){"a.c", before, "gone.c", "int a;\nint b;\n", "tail.c",
				 "int a;\nint b;", NULL},
		(const char *[]){"a.c", after, "new.c", "int c;\n", "tail.c", "int a;\n", NULL});

	assert_true(changes_write(changes, changes->all, patch, &error));
	assert_no_error(error);
	g_free(output_of(*state, "patch", "-p1", "-d", "before", "--fuzz=0", "-i", patch, NULL));
	g_free(output_of(*state, "diff", "-r", "before", "after", NULL));
}

/* --- changelog ------------------------------------------------------------------------------- */

static const char changelog_text[] =
	"linux (6.1.9-2) bookworm; urgency=high\n"
	"\n"
	"  * ext4: fix it (Closes: #1154101)\n"
	"\n"
	" -- Somebody <s@example.org>  Mon, 16 Nov 2026 11:17:40 +0100\n"
	"\n"
	"linux (6.1.9-1) bookworm; urgency=high\n"
	"\n"
	"  * New upstream stable update:\n"
	"    https://www.kernel.org/pub/linux/kernel/v6.x/ChangeLog-6.1.9\n"
	"    - [x86] smb: client: fix OOB read/write from unvalidated DataOffset in\n"
	"      coalesce_t2() (CVE-2026-89633, CVE-2026-1)\n"
	"    - [arm64] Mitigate errata (CVE-2025-10263):\n"
	"      + cputype: Add a definition\n"
	"\n"
	"  [ Somebody ]\n"
	"  * inet: reject (unhashed) sockets\n"
	"\n"
	" -- Somebody <s@example.org>  Sat, 14 Nov 2026 11:29:58 +0100\n"
	"\n"
	"linux (6.1.8-1) bookworm; urgency=high\n"
	"\n"
	"  * older\n";

static const struct changelog_entry *entry_of(const struct changelog *changelog, guint i)
{
	assert_true(i < changelog->entries->len);
	return g_ptr_array_index(changelog->entries, i);
}

static void test_changelog_between_versions(void **state)
{
	g_autoptr(GError) error = NULL;
	AUTO(changelog)
	changelog = changelog_parse(changelog_text, strlen(changelog_text), "6.1.8-1", "6.1.9-2",
				    "changelog", &error);

	assert_no_error(error);
	assert_int_equal(changelog->entries->len, 4);
	const struct changelog_entry *entry = entry_of(changelog, 0);
	assert_string_equal(entry->subject, "ext4: fix it");
	assert_string_equal(entry->version, "6.1.9-2");
	assert_string_equal(g_ptr_array_index(entry->bugs, 0), "1154101");
	assert_false(entry->upstream);
	assert_null(entry->where);

	entry = entry_of(changelog, 1);
	assert_string_equal(entry->subject, "smb: client: fix OOB read/write from unvalidated "
					    "DataOffset in coalesce_t2()");
	assert_string_equal(entry->version, "6.1.9-1");
	assert_string_equal(entry->where, "x86");
	assert_true(entry->upstream);
	assert_int_equal(entry->cves->len, 2);
	assert_string_equal(g_ptr_array_index(entry->cves, 0), "CVE-2026-89633");
	assert_string_equal(g_ptr_array_index(entry->cves, 1), "CVE-2026-1");

	/* What stands below another has what that says. */
	entry = entry_of(changelog, 2);
	assert_string_equal(entry->subject, "cputype: Add a definition");
	assert_string_equal(entry->where, "arm64");
	assert_string_equal(g_ptr_array_index(entry->cves, 0), "CVE-2025-10263");

	entry = entry_of(changelog, 3);
	assert_string_equal(entry->subject, "inet: reject (unhashed) sockets");
	assert_false(entry->upstream);
}

static void test_changelog_without_a_version(void **state)
{
	static const struct {
		const char *from, *to, *missing;
	} cases[] = {{"6.1.7-1", "6.1.9-2", "6.1.7-1"}, {"6.1.8-1", "6.1.10-1", "6.1.10-1"}};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(changelog_parse(changelog_text, strlen(changelog_text), cases[i].from,
					    cases[i].to, "changelog", &error));
		assert_error(&error, KLATCH_INPUT, cases[i].missing);
	}
}

#define TREE_TEST(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(test_trees_are_compared),
		TREE_TEST(test_patch_leads_to_the_patched_tree),
		cmocka_unit_test(test_changelog_between_versions),
		cmocka_unit_test(test_changelog_without_a_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
