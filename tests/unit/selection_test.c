/*
 * Changes chosen and refused: the shrinking to what nothing is refused of, and which change a
 * refusal is about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "renewal/attribute.h"
#include "renewal/selection.h"

#define CHANGES 4

/* Changes made by hand: change n has a hunk in file n of `files`, and may have another. */
struct fixture {
	struct changes changes;
	struct changed_file files[CHANGES];
	struct selection *selection;
};

static void change_free(gpointer at)
{
	struct change *change = at;

	g_ptr_array_unref(change->hunks);
	g_ptr_array_unref(change->files);
	g_free(change);
}

static struct change *add_change(struct fixture *fixture)
{
	struct change *change = g_new0(struct change, 1);

	change->number = fixture->changes.all->len + 1;
	change->hunks = g_ptr_array_new_with_free_func(g_free);
	change->files = g_ptr_array_new();
	g_ptr_array_add(fixture->changes.all, change);
	return change;
}

static void add_hunk(struct change *change, struct changed_file *file, guint line, guint before,
		     guint after, const char *scope)
{
	struct hunk *hunk = g_new0(struct hunk, 1);

	hunk->file = file;
	hunk->original_line = hunk->patched_line = line;
	hunk->original_count = before;
	hunk->patched_count = after;
	hunk->scope = (char *)scope;
	g_ptr_array_add(change->hunks, hunk);
	if (!g_ptr_array_find(change->files, file, NULL))
		g_ptr_array_add(change->files, file);
}

/*
 * 1: net/a.c, function "first", 3 lines more; 2: net/a.c below it, function "second", and
 * include/a.h, struct "thing"; 3: include/a.h, struct "other"; 4: net/b.c, function "first".
 */
static int set_up(void **state)
{
	static const char *const paths[] = {"net/a.c", "include/a.h", "net/b.c"};
	struct fixture *fixture = g_new0(struct fixture, 1);
	struct change *change;

	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
		fixture->files[i].path = (char *)paths[i];
	fixture->changes.all = g_ptr_array_new_with_free_func(change_free);
	add_hunk(add_change(fixture), &fixture->files[0], 10, 1, 4, "first");
	change = add_change(fixture);
	add_hunk(change, &fixture->files[0], 50, 2, 2, "second");
	add_hunk(change, &fixture->files[1], 5, 0, 1, "thing");
	add_hunk(add_change(fixture), &fixture->files[1], 30, 1, 1, "other");
	add_hunk(add_change(fixture), &fixture->files[2], 10, 1, 1, "first");
	fixture->selection = selection_new(&fixture->changes);
	for (guint i = 0; i < fixture->changes.all->len; i++)
		selection_ask(fixture->selection, g_ptr_array_index(fixture->changes.all, i));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	selection_free(fixture->selection);
	g_ptr_array_unref(fixture->changes.all);
	g_free(fixture);
	return 0;
}

static GError *refusal_of(const char *what, const char *where, const char *why)
{
	GError *error = NULL;

	klatch_fail(&error, KLATCH_REFUSED, what, where, NULL, "%s", why);
	return error;
}

/* ---- attribution ---- */

/* Checks that a refusal is about the changes whose numbers are the digits of `numbers`. */
static void check_about(const struct fixture *fixture, const char *what, const char *where,
			const char *why, const char *numbers)
{
	g_autoptr(GError) refusal = refusal_of(what, where, why);
	g_autoptr(GPtrArray) best =
		attribute_refusal(fixture->selection, fixture->selection->chosen, refusal);
	g_autoptr(GString) got = g_string_new(NULL);

	for (guint i = 0; i < best->len; i++)
		g_string_append_printf(got, "%u", ((const struct change *)best->pdata[i])->number);
	assert_string_equal(got->str, numbers);
}

static void test_by_name(void **state)
{
	const struct fixture *fixture = *state;

	check_about(fixture, "function second can't be replaced", "net/a.c: second", "inlined",
		    "2");
	/* a name in the file that is told goes before the same name elsewhere */
	check_about(fixture, "function first can't be replaced", "net/a.c: first", "inlined", "1");
	check_about(fixture, "function first can't be replaced", NULL, "inlined", "14");
	check_about(fixture, "struct thing changed", "a.h:2", "member new is new", "2");
	/* a name that is refused goes before one in the reason */
	check_about(fixture, "struct other changed", "a.h:29", "it holds struct thing", "3");
	check_about(fixture, "function outer can't be replaced", "net/a.c: outer",
		    "it has second inlined", "2");
	/* a word of the sentence is no name, nor is that of a file or of a member */
	check_about(fixture, "struct outer changed", "a.h:1",
		    "member thing is new, and the other may be in use, by second.c for one", "");
	check_about(fixture, "struct outer changed", "a.h:1",
		    "member x is of type 'struct thing' instead of 'int'", "2");
	check_about(fixture, "function outer can't be replaced", "net/a.c: outer",
		    "calls second, which can't be", "2");
	/* the file alone says nothing */
	check_about(fixture, "function outer can't be replaced", "net/a.c: outer", "because", "");
	check_about(fixture, "function firsts can't be replaced", "net/a.c: firsts", "because", "");
}

/* A comment in what is refused is not the reason. */
static void test_by_more_than_a_comment(void **state)
{
	const struct fixture *fixture = *state;
	const struct change *change = g_ptr_array_index(fixture->changes.all, 0);

	((struct hunk *)g_ptr_array_index(change->hunks, 0))->idle = TRUE;
	check_about(fixture, "function first can't be replaced", "net/a.c: first", "inlined", "4");
	check_about(fixture, "the patched source does not compile", "net/a.c:13", "no", "");
}

/* The lines are those of the text with all chosen changes. */
static void test_by_line(void **state)
{
	const struct fixture *fixture = *state;
	const char what[] = "the patched source does not compile";
	g_autoptr(GError) refusal = refusal_of("no", NULL, "no");

	check_about(fixture, what, "net/a.c:13", "'x' undeclared", "1");
	check_about(fixture, what, "net/a.c:14", "'x' undeclared", "");
	check_about(fixture, what, "net/a.c:53", "'first' undeclared", "2");
	check_about(fixture, what, "net/a.c:50", "'first' undeclared", "1");
	selection_refuse(fixture->selection, g_ptr_array_index(fixture->changes.all, 0), refusal);
	check_about(fixture, what, "net/a.c:50", "'first' undeclared", "2");
}

/* ---- the choice ---- */

static void test_whole_or_not_at_all(void **state)
{
	const struct fixture *fixture = *state;
	struct selection *selection = fixture->selection;
	const struct change *second = g_ptr_array_index(fixture->changes.all, 1);
	g_autoptr(GError) refusal = refusal_of("no", NULL, "why not");
	g_autoptr(GError) other = refusal_of("no", NULL, "another reason");
	g_autoptr(GPtrArray) changes = g_ptr_array_new();

	assert_true(selection_refuse(selection, second, refusal));
	assert_false(selection_refuse(selection, second, other));
	assert_string_equal(selection_refusal(selection, second)->message, refusal->message);
	assert_int_equal(selection->chosen->len, 3);
	/* it is gone from both of its files */
	selection_add_of_file(selection, "net/a.c", changes);
	selection_add_of_file(selection, "include/a.h", changes);
	assert_int_equal(changes->len, 2);
	assert_int_equal(selection_of_file(selection, "net/a.c")->len, 2);
	assert_null(selection_of_file(selection, "net/c.c"));
	/* who is not asked for any more is not refused */
	selection_leave(selection, g_ptr_array_index(fixture->changes.all, 3));
	assert_int_equal(selection->chosen->len, 2);
	assert_null(selection_refusal(selection, g_ptr_array_index(fixture->changes.all, 3)));
	assert_false(selection_asked(selection, g_ptr_array_index(fixture->changes.all, 3)));
}

/* Two judges: the first refuses change 3, the second change 1 once 3 is gone, and 4 once 1 is. */
struct bench {
	guint looks[2];
};

static const struct change *numbered(struct selection *selection, guint number)
{
	return g_ptr_array_index(selection->changes->all, number - 1);
}

static gboolean judge_first(struct selection *selection, gpointer data, GError **error)
{
	struct bench *bench = data;
	g_autoptr(GError) refusal = refusal_of("no", NULL, "first");

	bench->looks[0]++;
	if (selection_has(selection, numbered(selection, 3)))
		selection_refuse(selection, numbered(selection, 3), refusal);
	return TRUE;
}

static gboolean judge_second(struct selection *selection, gpointer data, GError **error)
{
	struct bench *bench = data;
	g_autoptr(GError) refusal = refusal_of("no", NULL, "second");

	/* Later judges see only what the earlier ones are content with. */
	assert_false(selection_has(selection, numbered(selection, 3)));
	bench->looks[1]++;
	selection_refuse(
		selection,
		numbered(selection, selection_has(selection, numbered(selection, 1)) ? 1 : 4),
		refusal);
	return TRUE;
}

static gboolean judge_broken(struct selection *selection, gpointer data, GError **error)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, "broken", NULL, NULL, "broken");
	return FALSE;
}

static void test_settles(void **state)
{
	const struct fixture *fixture = *state;
	selection_judge *const judges[] = {judge_first, judge_second};
	struct bench bench = {{0}};
	g_autoptr(GError) error = NULL;

	assert_true(
		selection_settle(fixture->selection, judges, G_N_ELEMENTS(judges), &bench, &error));
	assert_int_equal(fixture->selection->chosen->len, 1);
	assert_ptr_equal(g_ptr_array_index(fixture->selection->chosen, 0),
			 numbered(fixture->selection, 2));
	/* once with 3 there, then before each look of the second */
	assert_int_equal(bench.looks[0], 4);
	assert_int_equal(bench.looks[1], 3);
}

static void test_error_ends(void **state)
{
	const struct fixture *fixture = *state;
	selection_judge *const judges[] = {judge_broken, judge_first};
	struct bench bench = {{0}};
	g_autoptr(GError) error = NULL;

	assert_false(
		selection_settle(fixture->selection, judges, G_N_ELEMENTS(judges), &bench, &error));
	assert_true(g_error_matches(error, KLATCH_ERROR, KLATCH_ENVIRONMENT));
	assert_int_equal(bench.looks[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_by_name), TEST(test_by_more_than_a_comment),
		TEST(test_by_line), TEST(test_whole_or_not_at_all),
		TEST(test_settles), TEST(test_error_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
