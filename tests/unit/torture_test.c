/*
 * Torture: sets, events by chance, and what must be seen after them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "lab/plan.h"
#include "lab/torture.h"

static const char set_text[] = "# two targets, three livepatches\n"
			       "livepatch one --no-replace one.patch\n"
			       "livepatch two --no-replace two.patch\n"
			       "livepatch all all.patch\n"
			       "module other other.ko\n"
			       "torture target owner /owner get=1 user={user:no:yes:other}\n"
			       "torture target user /user a=stock b={key:off:on}\n"
			       "torture needs user owner\n"
			       "torture other user other a=wrong b={key:off:on}\n"
			       "torture fails user user fail=1\n"
			       "torture fails user broken | Unknown symbol\n"
			       "torture flip key user /key 0 1\n"
			       "torture replaces one user a=one b=1{key:off:on}\n"
			       "torture replaces two user a=two\n"
			       "torture replaces two owner get=2\n"
			       "torture replaces all owner get=all\n"
			       "torture run reader /user /owner\n";

enum { OWNER, USER };
enum { ONE, TWO, ALL };

static struct torture_set *read_set(void)
{
	g_autoptr(GError) error = NULL;
	struct torture_set *set = torture_parse(set_text, "set", &error);

	assert_null(error);
	return set;
}

/* The scenario of events that all must be possible. */
static char *scenario_of(const struct torture_event *events, guint count)
{
	AUTO(torture_set) set = read_set();
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(*events));

	g_array_append_vals(list, events, count);
	g_autoptr(GArray) possible = torture_possible(set, list);
	assert_int_equal(possible->len, count);
	return torture_scenario(set, list);
}

/* What stands below the last step. */
static void assert_last(const struct torture_event *events, guint count, const char *expected)
{
	g_autofree char *scenario = scenario_of(events, count);
	const char *last = g_strrstr(scenario, "step ");

	assert_non_null(last);
	assert_string_equal(strchr(last, '\n') + 1, expected);
}
#define assert_events(expected, ...)                                                               \
	assert_last((const struct torture_event[]){__VA_ARGS__},                                   \
		    G_N_ELEMENTS(((const struct torture_event[]){__VA_ARGS__})), expected)

static void test_load(void **state)
{
	assert_events("\tbegin run reader /user /owner\n"
		      "\tload user\n"
		      "\tbehaves /owner get=1 user=yes\n"
		      "\tbehaves /user a=stock b=off\n"
		      "\tstop reader\n",
		      {TORTURE_LOAD, USER, 0});
}

static void test_flip(void **state)
{
	assert_events("\twrite /key 1\n"
		      "\tbehaves /owner get=1 user=yes\n"
		      "\tbehaves /user a=stock b=on\n"
		      "\tstop reader\n",
		      {TORTURE_LOAD, USER, 0}, {TORTURE_FLIP, 0, 1});
}

static void test_flip_is_forgotten(void **state)
{
	assert_events("\tunload user\n"
		      "\tload user\n"
		      "\tbehaves /owner get=1 user=yes\n"
		      "\tbehaves /user a=stock b=off\n"
		      "\tstop reader\n",
		      {TORTURE_LOAD, USER, 0}, {TORTURE_FLIP, 0, 1}, {TORTURE_RELOAD, USER, 0});
}

static void test_transition(void **state)
{
	assert_events("\tbegin load one\n"
		      "\tbehaves /owner get=1 user=yes\n"
		      "\tturns /user one a=stock b=off | a=one b=1off\n"
		      "\tstop reader\n",
		      {TORTURE_LOAD, USER, 0}, {TORTURE_ENABLE, ONE, 0});
}

static void test_transition_turned_back(void **state)
{
	assert_events("\tbegin disable one\n"
		      "\tbehaves /owner get=1 user=yes\n"
		      "\tturns /user one a=one b=1off | a=stock b=off\n"
		      "\tstop reader\n",
		      {TORTURE_LOAD, USER, 0}, {TORTURE_ENABLE, ONE, 0}, {TORTURE_DISABLE, ONE, 0});
}

static void test_stack(void **state)
{
	assert_events("\tsettle two\n"
		      "\tbehaves /owner get=2 user=yes\n"
		      "\tbehaves /user a=two b=1off\n"
		      "\tstop reader\n",
		      {TORTURE_ENABLE, ONE, 0}, {TORTURE_SETTLE, ONE, 0}, {TORTURE_ENABLE, TWO, 0},
		      {TORTURE_LOAD, USER, 0}, {TORTURE_SETTLE, TWO, 0});
}

/* The one below goes: what is on top of it stays. */
static void test_stack_loses_its_middle(void **state)
{
	assert_events("\tbegin disable one\n"
		      "\tbehaves /owner get=2 user=yes\n"
		      "\tturns /user one a=two b=1off | a=two b=off\n"
		      "\tstop reader\n",
		      {TORTURE_ENABLE, ONE, 0}, {TORTURE_SETTLE, ONE, 0}, {TORTURE_ENABLE, TWO, 0},
		      {TORTURE_SETTLE, TWO, 0}, {TORTURE_LOAD, USER, 0}, {TORTURE_DISABLE, ONE, 0});
}

static void test_cumulative(void **state)
{
	assert_events("\tbegin load all\n"
		      "\tturns /owner all get=2 user=yes | get=all user=yes\n"
		      "\tturns /user all a=two b=off | a=stock b=off\n"
		      "\tstop reader\n",
		      {TORTURE_ENABLE, TWO, 0}, {TORTURE_SETTLE, TWO, 0}, {TORTURE_LOAD, USER, 0},
		      {TORTURE_ENABLE, ALL, 0});
	/* Which ends the others. */
	assert_events("\tunload two\n"
		      "\tbehaves /owner get=all user=no\n"
		      "\tstop reader\n",
		      {TORTURE_ENABLE, TWO, 0}, {TORTURE_SETTLE, TWO, 0}, {TORTURE_LOAD, OWNER, 0},
		      {TORTURE_ENABLE, ALL, 0}, {TORTURE_SETTLE, ALL, 0}, {TORTURE_REMOVE, TWO, 0});
}

static void test_other_build(void **state)
{
	assert_events("\tload other\n"
		      "\tlog one: user is another build\n"
		      "\tbehaves /owner get=1 user=other\n"
		      "\tbehaves /user a=wrong b=off\n"
		      "\tread /sys/module/one/parameters/targets user unrecognised\n"
		      "\tstop reader\n",
		      {TORTURE_ENABLE, ONE, 0}, {TORTURE_OTHER, USER, 0});
	assert_events("\tbegin load one\n"
		      "\tlog one: user is another build\n"
		      "\tbehaves /owner get=1 user=other\n"
		      "\tbehaves /user a=wrong b=off\n"
		      "\tread /sys/module/one/parameters/targets user unrecognised\n"
		      "\tstop reader\n",
		      {TORTURE_OTHER, USER, 0}, {TORTURE_ENABLE, ONE, 0});
	assert_events("\tunload other\n"
		      "\tbehaves /owner get=1 user=no\n"
		      "\tstop reader\n",
		      {TORTURE_OTHER, USER, 0}, {TORTURE_UNLOAD, USER, 0});
}

static void test_failure(void **state)
{
	assert_events("\tbegin run reader /user /owner\n"
		      "\trefused load user fail=1\n"
		      "\tbehaves /owner get=1 user=no\n"
		      "\tstop reader\n",
		      {TORTURE_FAIL, 0, 0});
	assert_events("\tbegin run reader /user /owner\n"
		      "\trefused load broken\n"
		      "\tlog Unknown symbol\n"
		      "\tbehaves /owner get=1 user=no\n"
		      "\tstop reader\n",
		      {TORTURE_FAIL, 1, 0});
}

/* What is impossible is left out, and what was possible only because of it. */
static void test_possible(void **state)
{
	static const struct torture_event events[] = {
		{TORTURE_UNLOAD, USER, 0},  /* it is not there */
		{TORTURE_FLIP, 0, 1},	    /* nor its key */
		{TORTURE_LOAD, USER, 0},    /* possible */
		{TORTURE_UNLOAD, OWNER, 0}, /* it is needed */
		{TORTURE_LOAD, OWNER, 0},   /* it has come along */
		{TORTURE_REMOVE, ONE, 0},   /* it is not there */
		{TORTURE_ENABLE, ONE, 0},   /* possible */
		{TORTURE_ENABLE, TWO, 0},   /* while another is in transition */
		{TORTURE_SETTLE, TWO, 0},   /* it is not in one */
		{TORTURE_REMOVE, ONE, 0},   /* it is enabled */
		{TORTURE_SETTLE, ONE, 0},   /* possible */
		{TORTURE_OTHER, USER, 0},   /* it is there already */
		{TORTURE_DISABLE, ONE, 0},  /* possible */
		{TORTURE_ENABLE, ONE, 0},   /* it has to be removed first */
		{TORTURE_SETTLE, ONE, 0},   /* possible */
		{TORTURE_ENABLE, ALL, 0},   /* possible */
		{TORTURE_DISABLE, ALL, 0},  /* what it replaces may be gone or not */
	};
	static const guint kept[] = {2, 6, 10, 12, 14, 15};
	AUTO(torture_set) set = read_set();
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(*events));

	g_array_append_vals(list, events, G_N_ELEMENTS(events));
	g_autoptr(GArray) possible = torture_possible(set, list);
	assert_int_equal(possible->len, G_N_ELEMENTS(kept));
	for (guint i = 0; i < possible->len; i++)
		assert_memory_equal(&g_array_index(possible, struct torture_event, i),
				    &events[kept[i]], sizeof(*events));
}

static void test_chance(void **state)
{
	AUTO(torture_set) set = read_set();
	g_autoptr(GArray) events = torture_events(set, 7, 2000);
	g_autoptr(GArray) again = torture_events(set, 7, 2000);
	g_autoptr(GArray) others = torture_events(set, 8, 2000);
	g_autoptr(GArray) possible = torture_possible(set, events);
	guint counts[TORTURE_KINDS] = {0};

	assert_true(events->len >= 2000);
	assert_int_equal(events->len, again->len);
	assert_memory_equal(events->data, again->data, events->len * sizeof(struct torture_event));
	assert_memory_not_equal(events->data, others->data, 2000 * sizeof(struct torture_event));
	assert_int_equal(possible->len, events->len);
	for (guint i = 0; i < events->len; i++)
		counts[g_array_index(events, struct torture_event, i).kind]++;
	for (guint i = 0; i < TORTURE_KINDS; i++)
		assert_true(counts[i] > 20);
}

/* It is a scenario that the lab takes, and at its end nothing is left to be seen. */
static void test_scenario(void **state)
{
	AUTO(torture_set) set = read_set();
	g_autoptr(GArray) events = torture_events(set, 3, 500);
	g_autofree char *scenario = torture_scenario(set, events);
	g_autoptr(GError) error = NULL;
	AUTO(plan) plan = plan_parse(scenario, "set", NULL, &error);
	const struct plan_step *last;

	assert_null(error);
	assert_int_equal(plan->steps->len, events->len);
	last = g_ptr_array_index(plan->steps, plan->steps->len - 1);
	assert_int_equal(last->lines->len, 2);
	assert_string_equal(((struct plan_line *)last->lines->pdata[1])->text, "stop reader");
}

static void test_faults(void **state)
{
	static const char *const faults[][2] = {
		{"boot quiet", "line 1: there is no line with torture target"},
		{"torture\n", "line 1: torture is followed by"},
		{"torture aim x\n", "line 1: torture is followed by"},
		{"torture target x /x\n", "line 1: something is missing"},
		{"torture target x /x a=1\ntorture target x /y a=1\n", "line 2: there is such"},
		{"torture target x /x a=1\ntorture needs x x\n", "line 2: what a target needs"},
		{"torture target x /x a=1\ntorture needs y x\n", "line 2: there is no such target"},
		{"torture target x /x a=1\ntorture other y z a=1\n", "line 2: there is no such"},
		{"torture target x /x a=1\ntorture fails y z\n", "line 2: there is no such"},
		{"torture target x /x a=1\ntorture flip k y /k 0 1\n", "line 2: there is no such"},
		{"torture target x /x a=1\ntorture replaces l y a=1\n", "line 2: there is no such"},
		{"torture target x /x a=1\ntorture replaces l x a=1\ntorture replaces l x a=1\n",
		 "line 3: there is such"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(torture_parse(faults[i][0], "set", &error));
		assert_true(g_error_matches(error, KLATCH_ERROR, KLATCH_INPUT));
		assert_non_null(strstr(error->message, faults[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_flip),
		cmocka_unit_test(test_flip_is_forgotten),
		cmocka_unit_test(test_transition),
		cmocka_unit_test(test_transition_turned_back),
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_stack_loses_its_middle),
		cmocka_unit_test(test_cumulative),
		cmocka_unit_test(test_other_build),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_possible),
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_scenario),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
