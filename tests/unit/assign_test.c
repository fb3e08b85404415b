/*
 * Which change an entry of the changelog is said to be: changes of one hunk each, and subjects.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "release/assign.h"

/* What a file has that had one line more. */
struct edit {
	const char *path, *scope; /* no scope: not built */
	const char *line;
};

static const struct edit edits[] = {
	{"drivers/net/door/door_main.c", "door_open", "\tdoor_lock(hinge, knob);\n"},
	{"drivers/net/door/door_bell.c", "ring_bell", "\tclapper = knob;\n"},
	{"drivers/net/lamp.c", "lamp_glow", "\tclapper_reference = wick;\n"},
	{"sound/usb/horn.c", "horn_blow", "\tbreath = reed;\n"},
	{"sound/usb/reed.c", "reed_shake", "\tbreath = breath + 1;\n"},
	{"fs/attic/attic.c", "attic_store", "\tbox = moth;\n"},
	{"fs/attic/stairs.c", "stairs_step", "\tbox = moth;\n"},
	{"fs/attic/other.c", NULL, "\tbeam = rafter;\n"},
};

static struct changed_file *add_file(struct changes *changes, const char *path, const char *line)
{
	const char *const trees[] = {changes->original, changes->patched};
	struct changed_file *file = g_new0(struct changed_file, 1);

	file->path = g_strdup(path);
	g_ptr_array_add(changes->files, file);
	for (guint i = 0; i < G_N_ELEMENTS(trees); i++) {
		g_autofree char *whole = g_build_filename(trees[i], path, NULL);
		g_autofree char *parent = g_path_get_dirname(whole);

		assert_true(files_make_directory(parent, NULL));
		assert_true(g_file_set_contents(whole, i ? line : "", -1, NULL));
	}
	return file;
}

static struct change *add_change(struct changes *changes, struct changed_file *file,
				 const char *scope)
{
	struct change *change = g_new0(struct change, 1);
	struct hunk *hunk = g_new0(struct hunk, 1);

	*hunk = (struct hunk){.file = file,
			      .original_line = 1,
			      .patched_line = 1,
			      .patched_count = 1,
			      .scope = g_strdup(scope)};
	change->number = changes->all->len + 1;
	change->hunks = g_ptr_array_new();
	change->files = g_ptr_array_new();
	change->entries = g_ptr_array_new();
	g_ptr_array_add(change->hunks, hunk);
	g_ptr_array_add(change->files, file);
	g_ptr_array_add(changes->all, change);
	return change;
}

static void change_free(struct change *change)
{
	struct hunk *hunk = g_ptr_array_index(change->hunks, 0);

	g_free(hunk->scope);
	g_free(hunk);
	g_ptr_array_unref(change->hunks);
	g_ptr_array_unref(change->files);
	g_ptr_array_unref(change->entries);
	g_free(change);
}

static void file_free(struct changed_file *file)
{
	g_free(file->path);
	g_free(file);
}

/* The changes of `edits`, and a thousand files that have nothing to do with them. */
static struct changes *make_changes(const char *directory)
{
	struct changes *changes = g_new0(struct changes, 1);

	changes->original = path_in(directory, "before");
	changes->patched = path_in(directory, "after");
	changes->files = g_ptr_array_new_with_free_func((GDestroyNotify)file_free);
	changes->all = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
	changes->unbuilt = g_ptr_array_new();
	for (guint i = 0; i < G_N_ELEMENTS(edits); i++) {
		struct changed_file *file = add_file(changes, edits[i].path, edits[i].line);

		if (edits[i].scope)
			add_change(changes, file, edits[i].scope);
		else
			g_ptr_array_add(changes->unbuilt, file);
	}
	for (guint i = 0; i < 1000; i++) {
		g_autofree char *path = g_strdup_printf("else/where%u.c", i);

		g_ptr_array_add(changes->unbuilt, add_file(changes, path, "int a;\n"));
	}
	return changes;
}

static void expect(const struct changes *changes, const char *subject, const char *path)
{
	g_autofree char *text = g_strdup_printf(
		"linux (2) a\n  * New upstream stable update:\n    - %s\nlinux (1) a\n", subject);
	g_autoptr(GError) error = NULL;
	const char *found = NULL;
	AUTO(changelog)
	changelog = changelog_parse(text, strlen(text), "1", "2", "changelog", &error);

	assert_no_error(error);
	g_autoptr(GPtrArray) without = assign_entries(changes, changelog, &error);
	assert_no_error(error);
	for (guint i = 0; i < changes->all->len; i++) {
		const struct change *change = g_ptr_array_index(changes->all, i);
		const struct changed_file *file = g_ptr_array_index(change->files, 0);

		if (change->entries->len)
			found = file->path;
		g_ptr_array_set_size(change->entries, 0);
	}
	if (g_strcmp0(found, path))
		fail_msg("%s: %s, not %s", subject, found, path);
	assert_int_equal(without->len, !path);
}

static void test_cases(void **state)
{
	static const struct {
		const char *subject, *path;
	} cases[] = {
		/* words of what is changed */
		{"door: keep the hinge", "drivers/net/door/door_main.c"},
		{"net: door: fix the clapper", "drivers/net/door/door_bell.c"},
		/* with another ending */
		{"lamp: fix references", "drivers/net/lamp.c"},
		/* not those of another subsystem */
		{"attic: fix hinge and knob and reed", NULL},
		{"net: door: fix the wick", NULL},
		{"cellar: fix hinge and knob", NULL},
		/* unless a function is named */
		{"attic: fix leak in lamp_glow()", "drivers/net/lamp.c"},
		/* a subsystem that is called otherwise */
		{"ALSA: fix the reed in horn_blow()", "sound/usb/horn.c"},
		{"ALSA: usb-audio: fix horn_blow()", "sound/usb/horn.c"},
		{"ALSA: fix the hinge", NULL},
		/* several, each good enough */
		{"door, attic: keep the hinge", "drivers/net/door/door_main.c"},
		/* as likely for two */
		{"attic: fix box and moth", NULL},
		/* what is not built takes what is its own */
		{"attic: fix the rafter", NULL},
		{"attic: fix box and moth in stairs_step()", "fs/attic/stairs.c"},
		/* no subsystem at all */
		{"keep the hinge of door_open()", "drivers/net/door/door_main.c"},
		/* what says nothing */
		{"fix", NULL},
	};

	AUTO(changes) changes = make_changes(*state);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		expect(changes, cases[i].subject, cases[i].path);
}

static void test_nothing_changed(void **state)
{
	static const char text[] = "linux (2) a\n  * door: keep the hinge\nlinux (1) a\n";
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	struct changes changes = {.all = none, .unbuilt = none, .files = none};
	AUTO(changelog)
	changelog = changelog_parse(text, strlen(text), "1", "2", "changelog", &error);

	g_autoptr(GPtrArray) without = assign_entries(&changes, changelog, &error);
	assert_no_error(error);
	assert_int_equal(without->len, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cases, make_directory, remove_directory),
		cmocka_unit_test(test_nothing_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
