/*
 * Releases: two small trees split into changes, and the changelog between two versions.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "release/cautions.h"
#include "release/changelog.h"
#include "release/changes.h"

#define CASES "tests/cases/release"

/* --- trees ----------------------------------------------------------------------------------- */

/*
 * A kernel that is built from everything but what lies in "other/".  Each directory is a module,
 * and its headers are its own; those in "include/" are everybody's.
 */
struct small_kernel {
	struct built built;
	GHashTable *includers; /* what was answered last */
	const char *root;
};

static gboolean holds(struct built *built, const char *path)
{
	struct small_kernel *kernel = (struct small_kernel *)built;
	g_autofree char *original = g_build_filename(kernel->root, path, NULL);

	return !g_str_has_prefix(path, "other/") && !strstr(path, "Makefile") &&
	       !strstr(path, "Kconfig") && g_file_test(original, G_FILE_TEST_EXISTS);
}

static char *directory_of(const char *path)
{
	return g_strndup(path, strcspn(path, "/"));
}

static GHashTable *includers(struct built *built, const char *path)
{
	static const char *const directories[] = {"a", "b"};
	static const char *const names[] = {"a.c", "b.c", "c.c", "a.h"};
	struct small_kernel *kernel = (struct small_kernel *)built;
	g_autofree char *directory = directory_of(path);

	g_hash_table_remove_all(kernel->includers);
	if (!g_str_has_suffix(path, ".h"))
		return kernel->includers;
	for (gsize i = 0; i < G_N_ELEMENTS(directories); i++)
		for (gsize j = 0; j < G_N_ELEMENTS(names); j++)
			if (!strcmp(directory, "include") || !strcmp(directory, directories[i]))
				g_hash_table_add(kernel->includers,
						 g_build_filename(directories[i], names[j], NULL));
	return kernel->includers;
}

static GPtrArray *objects(struct built *built, const char *path)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

	if (!g_str_has_prefix(path, "include/"))
		g_ptr_array_add(found, directory_of(path));
	return found;
}

static void free_nothing(struct built *built)
{
}

static struct changes *split_trees(const char *original, const char *patched)
{
	g_autoptr(GHashTable) answer = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct small_kernel kernel = {{holds, includers, objects, free_nothing}, answer, original};
	g_autoptr(GError) error = NULL;
	struct changes *changes = changes_between(original, patched, &kernel.built, NULL, &error);

	assert_no_error(error);
	return changes;
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
	g_autofree char *before = path_in(directory, "before");
	g_autofree char *after = path_in(directory, "after");

	write_tree(directory, "before", original);
	write_tree(directory, "after", patched);
	return split_trees(before, after);
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
	/* The new file is of no use to what is built. */
	assert_int_equal(changes->unbuilt->len, 2);
	assert_ptr_equal(g_ptr_array_index(changes->unbuilt, 0), files[2]);
	assert_ptr_equal(g_ptr_array_index(changes->unbuilt, 1), files[3]);
	assert_int_equal(changes->all->len, 2);
}

/* All changes together make the patched tree out of the original one. */
static void test_patch_leads_to_the_patched_tree(void **state)
{
	static const char *const none[] = {NULL};
	static const char *const some[] = {
		"1", "3=int three;", "4=int four;\nint five;", "12=#include \"new.h\"", "20", NULL};
	g_autofree char *before = numbered(none), *after = numbered(some);
	g_autofree char *patch = path_in(*state, "patch");
	g_autoptr(GError) error = NULL;
	AUTO(changes)
	changes = split(
		*state,
		(const char *[]){"a.c", before, "gone.c", "int a;\nint b;\n", "tail.c",
				 "int a;\nint b;", NULL},
		(const char *[]){"a.c", after, "new.h", "int c;\n", "tail.c", "int a;\n", NULL});

	assert_true(changes_write(changes, changes->all, NULL, patch, &error));
	assert_no_error(error);
	g_free(output_of(*state, "patch", "-p1", "-d", "before", "--fuzz=0", "-i", patch, NULL));
	g_free(output_of(*state, "diff", "-r", "before", "after", NULL));
}

/* --- cases ----------------------------------------------------------------------------------- */

/* The hunks of a change by file, line and scope, and what stands in its way. */
static void put_change(GString *text, const struct change *change)
{
	g_string_append_printf(text, "change %u\n", change->number);
	for (guint i = 0; i < change->hunks->len; i++) {
		const struct hunk *hunk = g_ptr_array_index(change->hunks, i);

		g_string_append_printf(text, "\t%s -%u,%u +%u,%u %s\n", hunk->file->path,
				       hunk->original_line, hunk->original_count,
				       hunk->patched_line, hunk->patched_count,
				       hunk->scope ? hunk->scope : "");
	}
	for (guint i = 0; i < change->ties->len; i++)
		g_string_append_printf(text, "\ttie: %s\n",
				       (char *)g_ptr_array_index(change->ties, i));
	if (change->obstacle)
		g_string_append_printf(text, "\tobstacle: %s\n", change->obstacle);
}

static char *describe(const struct changes *changes)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < changes->all->len; i++)
		put_change(text, g_ptr_array_index(changes->all, i));
	for (guint i = 0; i < changes->unbuilt->len; i++) {
		const struct changed_file *file = g_ptr_array_index(changes->unbuilt, i);

		g_string_append_printf(text, "not built: %s\n", file->path);
	}
	return g_string_free(text, FALSE);
}

/* A folder with the trees original/ and patched/, and what they must be split into: changes. */
static void check_case(const char *name, G_GNUC_UNUSED void **state)
{
	g_autofree char *directory = g_build_filename(CASES, name, NULL);
	g_autofree char *original = path_in(directory, "original");
	g_autofree char *patched = path_in(directory, "patched");
	g_autofree char *path = path_in(directory, "changes");
	g_autofree char *expected = files_read_text(path, NULL);
	AUTO(changes) changes = split_trees(original, patched);
	g_autofree char *text = describe(changes);

	assert_string_equal(text, expected);
}

static void test_cases(void **state)
{
	each_case(CASES, 21, check_case, state);
}

static char *cautions_in(const char *name, const char *const *paths)
{
	g_autofree char *directory = g_build_filename(CASES, name, NULL);
	g_autofree char *original = path_in(directory, "original");
	g_autofree char *patched = path_in(directory, "patched");
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	for (gsize i = 0; paths[i]; i++) {
		struct patched_file *file = g_new0(struct patched_file, 1);

		file->path = (char *)paths[i];
		g_ptr_array_add(files, file);
	}
	g_autoptr(GPtrArray) cautions = cautions_of(files, original, patched, &error);
	assert_no_error(error);
	g_ptr_array_add(cautions, NULL);
	return g_strjoinv("\n", (char **)cautions->pdata);
}

/* What a patch relies on is told once, and not of members that it adds itself. */
static void test_cautions(void **state)
{
	static const char *const known[] = {"a/a.c", "a/b.c", NULL};
	static const char *const own[] = {"a/a.c", "a/box.h", NULL};
	g_autofree char *of_known = cautions_in("asked-for-and-set-now", known);
	g_autofree char *of_own = cautions_in("member-new-in-a-header", own);

	assert_string_equal(of_known,
			    "a/a.c: make begins to set owner and drop to ask for it, and objects "
			    "that are there already have it as it was");
	assert_string_equal(of_own, "");
}

/* In both trees so many files of one text. */
static void write_files(const char *directory, const char *text, guint count)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < count; i++) {
		g_ptr_array_add(files, g_strdup_printf("other/%u.c", i));
		g_ptr_array_add(files, g_strdup(text));
	}
	g_ptr_array_add(files, NULL);
	write_tree(directory, "before", (const char *const *)files->pdata);
	write_tree(directory, "after", (const char *const *)files->pdata);
}

/* ... that its words are common. */
static void write_everywhere(const char *directory, const char *text)
{
	write_files(directory, text, 50);
}

/* Words that stand everywhere in the tree say nothing; but what a name means is followed. */
static void test_common_words(void **state)
{
	static const char everywhere[] =
		"int everywhere(struct it *it)\n{\n\tcommon(it->flags);\n}\n";

	write_everywhere(*state, everywhere);
	AUTO(changes)
	changes = split(*state,
			(const char *[]){"a/a.c", "struct box;\nint a(int i)\n{\n\tstart();\n}\n",
					 "a/b.c", "int b(int i)\n{\n\tstop();\n}\n", "a/c.c",
					 "int c(int i)\n{\n\twait();\n}\n", "include/box.h",
					 "struct box {\n\tint size;\n};\n", NULL},
			(const char *[]){"a/a.c",
					 "struct box;\nint a(int i)\n{\n\tstart();\n"
					 "\tx->flags = 1;\n}\n",
					 "a/b.c",
					 "int b(int i)\n{\n\tcommon(x->flags);\n\tstop();\n}\n",
					 "a/c.c", "int c(int i)\n{\n\tcommon(2);\n\twait();\n}\n",
					 "include/box.h",
					 "struct box {\n\tint size;\n\tint flags;\n};\n", NULL});

	g_autofree char *text = describe(changes);
	assert_string_equal(text,
			    "change 1\n"
			    "\ta/a.c -5,0 +5,1 a\n"
			    "\tinclude/box.h -3,0 +3,1 box\n"
			    "\ttie: include/box.h:3 and a/a.c:5: one defines flags for the other\n"
			    "change 2\n"
			    "\ta/b.c -3,0 +3,1 b\n"
			    "change 3\n"
			    "\ta/c.c -3,0 +3,1 c\n");
}

/* A caller and a callee that both have a variable of a common name do not answer to each other;
 * with a common member that comes in both they do, and if the callee begins to call what is new. */
static void test_callers_with_common_words(void **state)
{
	write_files(*state, "int everywhere(struct it *it)\n{\n\tit->flags = 1;\n}\n", 310);
	AUTO(changes)
	changes = split(
		*state,
		(const char *[]){"a/a.c",
				 "static void a(struct it *it)\n{\n\tx();\n}\n"
				 "void ua(struct it *it)\n{\n\ta(it);\n}\n",
				 "b/b.c",
				 "static void b(struct it *it)\n{\n\tx();\n}\n"
				 "void ub(struct it *it)\n{\n\tb(it);\n}\n",
				 "c/c.c",
				 "static void c(struct it *it)\n{\n\tx();\n}\n"
				 "void uc(struct it *it)\n{\n\tc(it);\n}\n",
				 NULL},
		(const char *[]){"a/a.c",
				 "static void a(struct it *it)\n{\n\tx();\n\tfirst(it);\n}\n"
				 "void ua(struct it *it)\n{\n\ta(it);\n\n\tsecond(it);\n}\n",
				 "b/b.c",
				 "static void b(struct it *it)\n{\n\tx();\n\tit->flags = 2;\n}\n"
				 "void ub(struct it *it)\n{\n\tb(it);\n\n\tit->flags = 0;\n}\n",
				 "c/c.c",
				 "static void c(struct it *it)\n{\n\tx();\n\tnewly();\n}\n"
				 "static void newly(void)\n{\n\ty();\n}\n"
				 "void uc(struct it *it)\n{\n\tc(it);\n\n\tthird();\n}\n",
				 NULL});

	g_autofree char *text = describe(changes);
	assert_string_equal(
		text, "change 1\n"
		      "\ta/a.c -4,0 +4,1 a\n"
		      "change 2\n"
		      "\ta/a.c -8,0 +9,2 ua\n"
		      "change 3\n"
		      "\tb/b.c -4,0 +4,1 b\n"
		      "\tb/b.c -8,0 +9,2 ub\n"
		      "\ttie: b/b.c:4 and b/b.c:9: one changes b, the other has to do with it\n"
		      "change 4\n"
		      "\tc/c.c -4,0 +4,5 c\n"
		      "\tc/c.c -8,0 +13,2 uc\n"
		      "\ttie: c/c.c:4 and c/c.c:13: one changes c, the other has to do with it\n");
}

/* A file in which two functions begin to do something, before or after that; the filling has some
 * words all over. */
static char *make_file(const char *name, const char *one, const char *other)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "int %s_a(struct it *it)\n{\n\tstart();\n%s}\n", name, one);
	g_string_append_printf(text, "int %s_b(struct it *it)\n{\n\tstop();\n%s}\n", name, other);
	g_string_append_printf(text, "int %s_c(struct it *it)\n{\n", name);
	for (guint i = 0; i < 20; i++)
		g_string_append(text, "\tturn(it->thing, it->matter, it->thing_lock);\n");
	g_string_append(text, "}\n");
	return g_string_free(text, FALSE);
}

/* What a file has all over ties only with a second such name, or if it is a lock; printing never.
 */
static void test_everyday_words(void **state)
{
	static const char *const cases[][3] = {
		{"a", "\tread(it->thing);\n", "\twrite(it->thing);\n"},
		{"b", "\tpush(it->thing, it->matter);\n", "\tpull(it->matter, it->thing);\n"},
		{"c", "\topen(it->thing_lock);\n", "\tclose(it->thing_lock);\n"},
		{"d", "\tthing_dbg(1);\n", "\tthing_dbg(2);\n"},
		{"e", "\tsend(it->stuff);\n", "\tfetch(it->stuff);\n"},
	};
	g_autoptr(GPtrArray) before = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) after = g_ptr_array_new_with_free_func(g_free);

	write_files(*state,
		    "int x(struct it *it)\n{\n\tgo(it->thing, it->matter, it->thing_lock, "
		    "it->stuff);\n}\n",
		    6);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_ptr_array_add(before, g_strdup_printf("%s/x.c", cases[i][0]));
		g_ptr_array_add(before, make_file(cases[i][0], "", ""));
		g_ptr_array_add(after, g_strdup_printf("%s/x.c", cases[i][0]));
		g_ptr_array_add(after, make_file(cases[i][0], cases[i][1], cases[i][2]));
	}
	g_ptr_array_add(before, NULL);
	g_ptr_array_add(after, NULL);
	AUTO(changes)
	changes = split(*state, (const char *const *)before->pdata,
			(const char *const *)after->pdata);

	g_autofree char *text = describe(changes);
	assert_string_equal(text, "change 1\n"
				  "\ta/x.c -4,0 +4,1 a_a\n"
				  "change 2\n"
				  "\ta/x.c -8,0 +9,1 a_b\n"
				  "change 3\n"
				  "\tb/x.c -4,0 +4,1 b_a\n"
				  "\tb/x.c -8,0 +9,1 b_b\n"
				  "\ttie: b/x.c:4 and b/x.c:9: both have matter\n"
				  "change 4\n"
				  "\tc/x.c -4,0 +4,1 c_a\n"
				  "\tc/x.c -8,0 +9,1 c_b\n"
				  "\ttie: c/x.c:4 and c/x.c:9: both have thing_lock\n"
				  "change 5\n"
				  "\td/x.c -4,0 +4,1 d_a\n"
				  "change 6\n"
				  "\td/x.c -8,0 +9,1 d_b\n"
				  "change 7\n"
				  "\te/x.c -4,0 +4,1 e_a\n"
				  "\te/x.c -8,0 +9,1 e_b\n"
				  "\ttie: e/x.c:4 and e/x.c:9: both have stuff\n");
}

/* Words that are everywhere tie nothing, unless one takes of a thing what the other gives back. */
static void test_what_is_taken_is_given_back(void **state)
{
	static const char everywhere[] = "int everywhere(struct it *it)\n{\n\tthing_get(it);\n"
					 "\tother_put(it, that);\n\tput_thing(it);\n}\n";

	write_everywhere(*state, everywhere);
	AUTO(changes)
	changes = split(*state,
			(const char *[]){"a/a.c",
					 "int a(int i)\n{\n\tstart();\n}\n"
					 "int b(int i)\n{\n\tstop();\n}\n"
					 "int c(int i)\n{\n\twait();\n}\n"
					 "int d(int i)\n{\n\tturn();\n}\n",
					 NULL},
			(const char *[]){"a/a.c",
					 "int a(int i)\n{\n\tthing_get(it);\n\tstart();\n}\n"
					 "int b(int i)\n{\n\tother_put(that);\n\tstop();\n}\n"
					 "int c(int i)\n{\n\tput_thing(it);\n\twait();\n}\n"
					 "int d(int i)\n{\n\tthing_get(that, it);\n\tturn();\n}\n",
					 NULL});

	g_autofree char *text = describe(changes);
	assert_string_equal(text,
			    "change 1\n"
			    "\ta/a.c -3,0 +3,1 a\n"
			    "\ta/a.c -11,0 +13,1 c\n"
			    "\ttie: a/a.c:3 and a/a.c:13: one takes what the other gives back\n"
			    "change 2\n"
			    "\ta/a.c -7,0 +8,1 b\n"
			    "\ta/a.c -15,0 +18,1 d\n"
			    "\ttie: a/a.c:8 and a/a.c:18: one takes what the other gives back\n");
}

/* A member that one part counts otherwise and another's function counts, in a line of its own. */
static void test_what_is_counted_is_one_change(void **state)
{
	static const char everywhere[] = "int everywhere(struct it *it)\n{\n"
					 "\trefcount_set(&it->users, 1);\n"
					 "\tatomic_inc(&it->users);\n}\n";

	write_everywhere(*state, everywhere);
	AUTO(changes)
	changes =
		split(*state,
		      (const char *[]){"a/a.c",
				       "int a(int i)\n{\n\trefcount_set(&it->users, 1);\n}\n"
				       "int b(int i)\n{\n\tatomic_inc(&it->users);\n\tstop();\n}\n"
				       "int c(int i)\n{\n\tturn();\n}\n",
				       NULL},
		      (const char *[]){"a/a.c",
				       "int a(int i)\n{\n}\n"
				       "int b(int i)\n{\n\tatomic_inc(&it->users);\n\tstop();\n"
				       "\tmore();\n}\n"
				       "int c(int i)\n{\n\tturn();\n\trest();\n}\n",
				       NULL});

	g_autofree char *text = describe(changes);
	assert_string_equal(text,
			    "change 1\n"
			    "\ta/a.c -3,1 +3,0 a\n"
			    "\ta/a.c -9,0 +8,1 b\n"
			    "\ttie: a/a.c:3 and a/a.c:8: one changes how something is counted that "
			    "the other counts\n"
			    "change 2\n"
			    "\ta/a.c -13,0 +13,1 c\n");
}

/* Who waits for a count and who counts, in two files, belong together though others use the name.
 */
static void test_count_of_two_files(void **state)
{
	write_files(*state, "int other(struct it *it)\n{\n\treturn it->lone;\n}\n", 30);
	AUTO(changes)
	changes = split(*state,
			(const char *[]){"a/a.c",
					 "int a(int i)\n{\n\twhile (atomic_read(&it->lone))\n"
					 "\t\tcond_resched();\n}\n",
					 "a/b.c", "int b(int i)\n{\n\tatomic_dec(&it->lone);\n}\n",
					 NULL},
			(const char *[]){"a/a.c",
					 "int a(int i)\n{\n\twait(&it->lone, "
					 "!atomic_read(&it->lone));\n}\n",
					 "a/b.c",
					 "int b(int i)\n{\n\tif (atomic_dec_and_test(&it->lone))"
					 "\n\t\twake(it);\n}\n",
					 NULL});

	assert_int_equal(changes->all->len, 1);
}

/* A word that is counted, but in no changed line, and a new name that begins with it. */
static void test_word_of_no_changed_line(void **state)
{
	AUTO(changes)
	changes = split(
		*state,
		(const char *[]){"a/a.c", "int a(int i)\n{\n\tatomic_inc(&it->lone);\n}\n", NULL},
		(const char *[]){"a/a.c",
				 "int a(int i)\n{\n\tatomic_inc(&it->lone);\n}\n\n"
				 "int lone_one;\n",
				 NULL});

	assert_int_equal(changes->all->len, 1);
}

/* Of the changes one leaves the others' lines as they were, also within its context. */
static void test_one_change_is_written(void **state)
{
	g_autoptr(GPtrArray) chosen = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	AUTO(changes)
	changes =
		split(*state,
		      (const char *[]){"a/a.c",
				       "int a(int x)\n{\n\treturn 1;\n}\nint b(int x)\n{\n"
				       "\treturn 2;\n}\n",
				       NULL},
		      (const char *[]){"a/a.c",
				       "int a(int x)\n{\n\tx++;\n\treturn 3;\n}\nint b(int x)\n{\n"
				       "\treturn 4;\n}\n",
				       NULL});

	assert_int_equal(changes->all->len, 2);
	g_ptr_array_add(chosen, g_ptr_array_index(changes->all, 1));
	g_autofree char *text = changes_text(changes, chosen, NULL, &error);
	assert_no_error(error);
	assert_string_equal(text, "--- a/a/a.c\n"
				  "+++ b/a/a.c\n"
				  "@@ -4,5 +4,5 @@\n"
				  " }\n"
				  " int b(int x)\n"
				  " {\n"
				  "-\treturn 2;\n"
				  "+\treturn 4;\n"
				  " }\n");
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
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cautions),
		TREE_TEST(test_common_words),
		TREE_TEST(test_callers_with_common_words),
		TREE_TEST(test_everyday_words),
		TREE_TEST(test_what_is_taken_is_given_back),
		TREE_TEST(test_what_is_counted_is_one_change),
		TREE_TEST(test_count_of_two_files),
		TREE_TEST(test_word_of_no_changed_line),
		TREE_TEST(test_one_change_is_written),
		cmocka_unit_test(test_changelog_between_versions),
		cmocka_unit_test(test_changelog_without_a_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
