/*
 * What a patch does to structs without need: each folder of tests/cases/layouts has the files of a
 * small tree in before/ and after/, those that come of it in kept/, and the notes in `notes`.
 */
#include <string.h>

#include "base/files.h"
#include "help.h"
#include "tree/layouts.h"
#include "tree/lines.h"
#include "tree/shadows.h"

#define CASES "tests/cases/layouts"

static GHashTable *files_of(const char *directory)
{
	GHashTable *files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
	const char *name;

	assert_non_null(entries);
	while ((name = g_dir_read_name(entries)))
		g_hash_table_add(files, g_strdup(name));
	return files;
}

static void assert_kept(const char *expected, const char *patched, const char *name)
{
	g_autofree char *one = path_in(expected, name), *other = path_in(patched, name);
	g_autofree char *wanted = files_read_text(one, NULL), *text = files_read_text(other, NULL);

	assert_non_null(wanted);
	assert_non_null(text);
	assert_string_equal(text, wanted);
}

static void check_case(const char *name, void **state)
{
	const char *directory = *state;
	g_autofree char *folder = path_in(CASES, name), *before = path_in(folder, "before");
	g_autofree char *after = path_in(folder, "after"), *kept = path_in(folder, "kept");
	g_autofree char *told = path_in(folder, "notes"), *work = path_in(directory, name);
	g_autofree char *expected = files_read_text(told, NULL);
	g_autoptr(GHashTable) files = files_of(after);
	g_autoptr(GString) notes = g_string_new(NULL);
	AUTO(layouts) layouts = layouts_new();
	GHashTableIter iter;
	gpointer file;

	g_free(output_of(NULL, "cp", "-r", after, work, NULL));
	assert_true(layouts_keep(layouts, before, work, files, NULL));
	g_hash_table_iter_init(&iter, files);
	while (g_hash_table_iter_next(&iter, &file, NULL))
		assert_kept(kept, work, file);
	g_autoptr(GPtrArray) lines = layouts_notes(layouts);
	for (guint i = 0; i < lines->len; i++)
		g_string_append_printf(notes, "%s\n", (char *)lines->pdata[i]);
	assert_string_equal(notes->str, expected);
}

static void test_cases(void **state)
{
	each_case(CASES, 15, check_case, state);
}

static gboolean is_simple_in(const char *path)
{
	static const char text[] = "void f(struct one *one) { spin_lock(&one->lock); "
				   "spin_unlock(&one->lock); }\n";
	struct run run = {.new_count = 1};
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(struct run));
	struct token word = {.at = "spinlock_t", .length = strlen("spinlock_t")};
	struct shadow shadow = {.structure = (char *)"one", .member = (char *)"lock"};
	struct changed_text changed = {path, "", text, 0, strlen(text), runs};

	g_array_append_val(runs, run);
	shadow.type = shadows_type(&word);
	return shadows_are_simple(&shadow, &changed);
}

/* What the kernel needs to find a shadow variable can't have one. */
static void test_beneath(void **state)
{
	assert_true(is_simple_in("drivers/one.c"));
	assert_true(is_simple_in("kernel/fork.c"));
	assert_false(is_simple_in("mm/slub.c"));
	assert_false(is_simple_in("kernel/sched/core.c"));
	assert_false(is_simple_in("include/linux/mm_types.h"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beneath),
		cmocka_unit_test_setup_teardown(test_cases, make_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
