/*
 * klatch compare without machines: what is counted, how scenarios are filled in, what is made of a
 * report, the table and the page.
 */
#include "help.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"
#include "compare/builds.h"
#include "compare/page.h"
#include "compare/source.h"
#include "compare/template.h"

/* --- source ---------------------------------------------------------------------------------- */

static const char sample[] = "/* a comment; with { a brace */\n"
			     "#include <linux/module.h>\n"
			     "struct own {\n"
			     "\tstruct module *mod;\n"
			     "\tint count;\n"
			     "};\n"
			     "int declared(struct own *own);\n"
			     "static struct klp_patch patch = {.mod = NULL};\n"
			     "\n"
			     "static int one(const struct own *own) // not { counted\n"
			     "{\n"
			     "\tchar c = '{';\n"
			     "\n"
			     "\treturn own->mod->state + own->count + patch.objs[c].x;\n"
			     "}\n"
			     "#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)\n"
			     "static void two(void)\n"
			     "{\n"
			     "\tpr_err(\"new } %d\\n\", one(NULL));\n"
			     "}\n"
			     "#else\n"
			     "static void two(void)\n"
			     "{\n"
			     "\told();\n"
			     "\tolder();\n"
			     "}\n"
			     "#endif\n"
			     "static void *three(void *p)\n"
			     "{\n"
			     "\treturn container_of(p, struct kobject, kref)->parent;\n"
			     "}\n"
			     "module_init(two);\n";

static const struct definition *only(const struct source *source, const char *name)
{
	g_autoptr(GPtrArray) found = source_find(source, name);

	assert_int_equal(found->len, 1);
	return found->pdata[0];
}

static void test_definitions(void **state)
{
	AUTO(source) source = source_new();

	source_add(source, "sample.c", sample, 6001);
	assert_int_equal(source->definitions->len, 6);
	assert_int_equal(only(source, "own")->lines, 4);
	assert_int_equal(only(source, "patch")->lines, 1);
	assert_int_equal(only(source, "one")->lines, 5);
	assert_true(g_hash_table_contains(only(source, "one")->words, "patch"));
	assert_false(g_hash_table_contains(only(source, "one")->words, "counted"));
	assert_true(only(source, "module_init")->invokes);
	assert_false(only(source, "one")->invokes);
}

static void test_versions(void **state)
{
	AUTO(source) old = source_new();
	AUTO(source) new = source_new();

	source_add(old, "sample.c", sample, 6001);
	source_add(new, "sample.c", sample, 6012);
	assert_int_equal(only(old, "two")->lines, 5);
	assert_int_equal(only(new, "two")->lines, 4);
	assert_true(g_hash_table_contains(only(old, "two")->words, "older"));
	assert_true(g_hash_table_contains(only(new, "two")->words, "pr_err"));
	assert_false(g_hash_table_contains(only(new, "two")->words, "older"));
	assert_int_equal(only(old, "two")->conditions, 1);
	assert_int_equal(only(old, "one")->conditions, 0);
}

static char *fields_of(const struct source *source, const char *name)
{
	g_autoptr(GPtrArray) fields = source_fields(source, only(source, name));

	g_ptr_array_add(fields, NULL);
	return g_strjoinv(" ", (char **)fields->pdata);
}

static void test_fields(void **state)
{
	AUTO(source) source = source_new();

	source_add(source, "sample.c", sample, 6001);
	g_autofree char *one = fields_of(source, "one");
	g_autofree char *three = fields_of(source, "three");
	g_autofree char *patch = fields_of(source, "patch");
	g_autofree char *own = fields_of(source, "own");
	assert_string_equal(one, "klp_patch.objs.x module.state");
	assert_string_equal(three, "kobject.kref kobject.parent");
	assert_string_equal(patch, "klp_patch.mod");
	assert_string_equal(own, "");
}

/* --- cost ------------------------------------------------------------------------------------ */

/* A kernel with a late.o that refers to one symbol that it exports and to one that it does not. */
static struct kernel make_kernel(const char *directory)
{
	g_autofree char *object =
		compile(directory, "late.c",
			"extern void klp_module_coming(void), vmap(void);\n"
			"void klatch_bind(void) { vmap(); }\n"
			"void klatch_watch_targets(void) { klp_module_coming(); }\n",
			"-fno-pic", NULL);
	write_text(directory, "Module.symvers", "0x00000001\tvmap\tvmlinux\tEXPORT_SYMBOL\t\n");
	return (struct kernel){
		.late = (char *)directory,
		.symvers = path_in(directory, "Module.symvers"),
		.series = 6001,
	};
}

static struct cost *cost_for(enum klatch_policy policy, const struct kernel *kernel)
{
	GError *error = NULL;
	struct cost *cost = cost_count(policy, kernel, &error);

	assert_no_error(error);
	return cost;
}

static gboolean has(const GPtrArray *names, const char *name)
{
	return g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL);
}

static void test_costs(void **state)
{
	struct kernel kernel = make_kernel(*state);
	AUTO(cost) rebind = cost_for(KLATCH_REBIND, &kernel);
	AUTO(cost) pin = cost_for(KLATCH_PIN, &kernel);
	AUTO(cost) no_late = cost_for(KLATCH_NO_LATE, &kernel);
	AUTO(cost) plain = cost_for(KLATCH_KERNEL, &kernel);

	assert_true(has(rebind->exported, "vmap"));
	assert_true(has(rebind->unexported, "klp_module_coming"));
	assert_false(has(pin->exported, "vmap"));
	assert_int_equal(plain->unexported->len, 0);
	assert_true(has(rebind->checks, "klatch_bind"));
	assert_true(has(no_late->checks, "refuse_vulnerable"));
	assert_false(has(plain->checks, "pre_patch"));
	assert_true(has(rebind->fields, "klp_object.mod"));
	assert_true(rebind->architecture > pin->architecture);
	assert_true(rebind->kernel_side > pin->kernel_side);
	assert_true(pin->kernel_side > plain->kernel_side);
	assert_true(no_late->builder > rebind->builder);
	assert_int_equal(plain->builder, 0);
	g_free(kernel.symvers);
}

/* Every policy's row and every part of the builder is found (or cost_count() aborts). */
static void test_all_costs(void **state)
{
	struct kernel kernel = make_kernel(*state);

	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		AUTO(cost) cost = cost_for(i, &kernel);
		guint lines = 0;

		for (guint j = 0; j < cost->files->len; j++)
			lines += ((struct cost_file *)cost->files->pdata[j])->lines;
		assert_int_equal(lines, cost->kernel_side + cost->builder);
	}
	g_free(kernel.symvers);
}

/* --- scenarios ------------------------------------------------------------------------------- */

static char *plan_of(const char *name, const struct template_values *values)
{
	const char *const names[] = {name, NULL};
	g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(guint));
	AUTO(plan) plan = template_plan(names, values, ends);

	assert_int_equal(ends->len, 2);
	assert_int_equal(g_array_index(ends, guint, 0), 1);
	assert_int_equal(g_array_index(ends, guint, 1), plan->steps->len);
	return plan_text(plan);
}

static guint count_of(const char *text, const char *part)
{
	guint count = 0;

	while ((text = strstr(text, part))) {
		count++;
		text += strlen(part);
	}
	return count;
}

static void test_scenarios(void **state)
{
	const struct template_values values = {
		.target = "tun",
		.livepatch = "/fix.ko",
		.events = "tun_system",
		.builds = {"/other.ko", "/lacking.ko", "/failing.ko"},
	};

	for (guint i = 0; template_names[i]; i++) {
		g_autofree char *text = plan_of(template_names[i], &values);
		g_autofree char *title = template_title(template_names[i]);

		assert_true(*title);
		assert_null(strchr(text, '$'));
		assert_true(template_possible(template_names[i], &values));
	}
	g_autofree char *reload = plan_of("reload", &values);
	assert_int_equal(count_of(reload, "load tun\n"), 2 * 2 + 11 + 10 + 1);
	g_autofree char *flips = plan_of("flips", &values);
	assert_int_equal(count_of(flips, "events/tun_system/enable 1\n"), 2);
	assert_non_null(strstr(flips, "control module tun +p\n"));
	g_autofree char *failed = plan_of("failed-init", &values);
	assert_int_equal(count_of(failed, "refused load failing-build\n"), 2);
}

static void test_split(void **state)
{
	const struct template_values values = {.target = "tun", .own = "/fix_tun.ko"};
	g_autofree char *late = plan_of("late", &values);
	g_autofree char *early = plan_of("early", &values);

	assert_non_null(strstr(late, "load tun\nload own\n"));
	assert_non_null(strstr(early, "step load the livepatch\nload own\n"));
	assert_null(strstr(late, "load livepatch"));
	assert_false(template_possible("failed-init", &values));
	assert_true(template_possible("reload", &values));
}

/* --- builds ---------------------------------------------------------------------------------- */

static struct object *make_module(const char *directory)
{
	g_autofree char *path = compile(
		directory, "module.c",
		"int init_module(void) { return 0; }\n"
		"int wanted(void) { return 1; }\n"
		"int other(void) { return 2; }\n"
		"__attribute__((section(\".gnu.linkonce.this_module\"))) void *self = "
		"init_module;\n"
		"asm(\".pushsection .note.gnu.build-id,\\\"a\\\",@note\\n\"\n"
		"    \".long 4, 4, 3\\n.asciz \\\"GNU\\\"\\n.long 0x12345678\\n.popsection\");\n"
		"struct class { const char *system; } event_class_x = {\"things\"};\n",
		"-fno-pic", NULL);
	GError *error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	return object;
}

static void test_builds(void **state)
{
	g_autoptr(GPtrArray) functions = g_ptr_array_new();
	AUTO(object) other = make_module(*state);
	AUTO(object) lacking = make_module(*state);
	AUTO(object) failing = make_module(*state);
	GError *error = NULL;

	g_ptr_array_add(functions, (char *)"wanted");
	assert_true(builds_change(other, BUILD_OTHER, functions, &error));
	assert_int_equal(object_section(other, ".note.gnu.build-id")->data[19], 0x12 ^ 0xff);
	assert_non_null(object_symbol(other, "wanted"));

	assert_true(builds_change(lacking, BUILD_LACKING, functions, &error));
	assert_int_equal(object_section(lacking, ".note.gnu.build-id")->data[19], 0x12 ^ 0xff);
	assert_null(object_symbol(lacking, "wanted"));
	assert_non_null(object_symbol(lacking, "other"));

	assert_true(builds_change(failing, BUILD_FAILING, functions, &error));
	assert_int_equal(object_section(failing, ".note.gnu.build-id")->data[19], 0x12);
	const struct section *self = object_section(failing, ".gnu.linkonce.this_module");
	assert_string_equal(section_reloc(self, 0)->symbol->name, "failing_init");

	AUTO(object) empty = object_new("empty");
	assert_false(builds_change(empty, BUILD_OTHER, functions, &error));
	assert_error(&error, KLATCH_INPUT, "no build ID");
	assert_false(builds_change(empty, BUILD_FAILING, functions, &error));
	assert_error(&error, KLATCH_INPUT, "no init function");
}

static void test_events(void **state)
{
	AUTO(object) module = make_module(*state);
	AUTO(object) empty = object_new("empty");
	g_autofree char *system = builds_events(module);

	assert_string_equal(system, "things");
	assert_null(builds_events(empty));
}

/* --- reports --------------------------------------------------------------------------------- */

static void free_time(gpointer data)
{
	g_free(((struct lab_time *)data)->verb);
	g_free(data);
}

/* times: "VERB MICROSECONDS;..." */
static void add_step(struct lab_report *report, const char *text, enum lab_result result,
		     const char *detail, const char *times)
{
	struct lab_step *step = g_new0(struct lab_step, 1);
	g_auto(GStrv) parts = g_strsplit(times, ";", -1);

	step->text = g_strdup(text);
	step->result = result;
	step->detail = g_strdup(detail);
	step->kernel = g_ptr_array_new_with_free_func(g_free);
	step->times = g_ptr_array_new_with_free_func(free_time);
	for (guint i = 0; parts[i] && *parts[i]; i++) {
		struct lab_time *time = g_new0(struct lab_time, 1);
		char *number = strrchr(parts[i], ' ');

		time->verb = g_strndup(parts[i], (gsize)(number - parts[i]));
		time->microseconds = g_ascii_strtoull(number + 1, NULL, 10);
		g_ptr_array_add(step->times, time);
	}
	g_ptr_array_add(report->steps, step);
}

static void free_step(gpointer data)
{
	struct lab_step *step = data;

	g_free(step->text);
	g_free(step->detail);
	g_ptr_array_unref(step->kernel);
	g_ptr_array_unref(step->times);
	g_free(step);
}

static struct lab_report *report_new(void)
{
	struct lab_report *report = g_new0(struct lab_report, 1);

	report->steps = g_ptr_array_new_with_free_func(free_step);
	return report;
}

static void test_refusals(void **state)
{
	AUTO(comparison) comparison = comparison_new();
	struct contender *contender = &comparison->contenders[KLATCH_KERNEL];
	AUTO(lab_report) report = report_new();

	add_step(report, "alone", LAB_PASSED, NULL, "");
	add_step(report, "remove it", LAB_PASSED, NULL, "");
	add_step(report, "load it", LAB_FAILED, "tun can't be loaded: Exec format error\nmore", "");
	add_step(report, "stay", LAB_SKIPPED, "not reached", "");
	g_ptr_array_add(((struct lab_step *)report->steps->pdata[2])->kernel,
			g_strdup("existing value is nonzero"));

	const struct trial *trial = comparison_add_trial(contender, "reload", "tun", report, 1, 4);
	assert_int_equal(trial->result, TRIAL_FAILED);
	assert_true(trial->load_refused);
	assert_false(trial->removal_refused);
	assert_string_equal(trial->step, "load it");
	assert_string_equal(trial->seen, "tun can't be loaded: Exec format error");
	assert_string_equal(trial->words, "existing value is nonzero");

	trial = comparison_add_trial(contender, "late", "tun", report, 1, 2);
	assert_int_equal(trial->result, TRIAL_PASSED);
	trial = comparison_add_trial(contender, "late", "tun", report, 3, 4);
	assert_int_equal(trial->result, TRIAL_SKIPPED);
}

static void test_livepatch_refused(void **state)
{
	AUTO(comparison) comparison = comparison_new();
	AUTO(lab_report) report = report_new();

	add_step(report, "load the livepatch", LAB_FAILED,
		 "livepatch can't be loaded: Invalid argument", "");
	assert_false(comparison_add_trial(&comparison->contenders[0], "early", "tun", report, 0, 1)
			     ->load_refused);
}

static void test_times(void **state)
{
	AUTO(comparison) comparison = comparison_new();
	struct contender *contender = &comparison->contenders[KLATCH_SPLIT];
	AUTO(lab_report) report = report_new();

	add_step(report, "a", LAB_PASSED, NULL, "load tun 10");
	add_step(report, "b", LAB_PASSED, NULL,
		 "load tun 20;load own 3;settle own 4;settle own 100");
	add_step(report, "c", LAB_PASSED, NULL, "load livepatch 5;settle livepatch 6;load tun 30");
	add_step(report, "d", LAB_FAILED, "no", "load tun 1000");
	comparison_add_trial(contender, "latency", "tun", report, 0, 4);
	assert_int_equal(contender->plain->len, 1);
	assert_int_equal(g_array_index(contender->plain, guint64, 0), 10);
	assert_int_equal(contender->patched->len, 2);
	assert_int_equal(g_array_index(contender->patched, guint64, 0), 27);
	assert_int_equal(g_array_index(contender->unpatched, guint64, 0), 7);
	assert_int_equal(g_array_index(contender->patched, guint64, 1), 30);
	assert_int_equal(g_array_index(contender->unpatched, guint64, 1), 0);
	assert_int_equal(comparison_median(contender->patched), 30);
	assert_int_equal(comparison_least(contender->patched), 27);
	comparison_add_trial(contender, "reload", "tun", report, 0, 3);
	assert_int_equal(contender->plain->len, 1);
}

/* --- table and page -------------------------------------------------------------------------- */

static struct comparison *make_comparison(const struct kernel *kernel)
{
	static const char *const names[] = {"rebind", "clear", "pin", "no-late", "split", "kernel"};
	struct comparison *comparison = comparison_new();
	AUTO(lab_report) report = report_new();

	comparison->patch = g_strdup("<fix>.patch");
	comparison->release = g_strdup("6.1.0-0-amd64");
	comparison->target = g_strdup("tun");
	comparison->accelerator = g_strdup("emulation");
	add_step(report, "load it", LAB_PASSED, NULL, "load tun 1200");
	add_step(report, "load it", LAB_PASSED, NULL, "load livepatch 5;load tun 1500");
	add_step(report, "load it", LAB_FAILED, "tun can't be loaded: <no>", "");
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		struct contender *contender = &comparison->contenders[i];

		contender->name = names[i];
		contender->cost = cost_for(i, kernel);
		contender->memory = 4096 + i;
		for (guint j = 0; template_names[j]; j++)
			comparison_add_trial(contender, template_names[j], "tun", report, 0,
					     i == KLATCH_KERNEL && j == 0 ? 3 : 2);
	}
	g_free(comparison->contenders[KLATCH_SPLIT].refusal);
	comparison->contenders[KLATCH_SPLIT].refusal = g_strdup("it can't");
	g_ptr_array_set_size(comparison->contenders[KLATCH_SPLIT].trials, 0);
	return comparison;
}

static const struct row *row_of(const struct table *table, const char *title)
{
	for (guint i = 0; i < table->rows->len; i++) {
		const struct row *row = table->rows->pdata[i];

		if (!strcmp(row->title, title))
			return row;
	}
	fail_msg("no row %s", title);
	return NULL;
}

static void test_table(void **state)
{
	struct kernel kernel = make_kernel(*state);
	AUTO(comparison) comparison = make_comparison(&kernel);
	AUTO(table) table = table_new(comparison);
	g_autofree char *title = template_title("late");

	assert_string_equal(row_of(table, title)->cells[KLATCH_REBIND], "passed");
	assert_string_equal(row_of(table, title)->cells[KLATCH_KERNEL],
			    "FAILED: load it\ntun can't be loaded: <no>");
	assert_string_equal(row_of(table, title)->cells[KLATCH_SPLIT], "no livepatch: it can't");
	assert_string_equal(row_of(table, "loads refused")->cells[KLATCH_KERNEL],
			    "in 1 of 8 scenarios\nlate");
	assert_string_equal(row_of(table, "loads refused")->cells[KLATCH_PIN],
			    "in 0 of 8 scenarios");
	assert_string_equal(row_of(table, "added latency of the load")->cells[KLATCH_PIN],
			    "+300 µs\nby the least of each +300 µs");
	assert_string_equal(row_of(table, "memory")->cells[KLATCH_CLEAR], "4097 bytes");
	for (guint i = 0; i < table->rows->len; i++)
		for (guint j = 0; j < KLATCH_NR_POLICIES; j++)
			assert_non_null(((struct row *)table->rows->pdata[i])->cells[j]);

	g_autofree char *text = table_text(table, comparison);
	assert_non_null(strstr(text, "user-visible effects\n"));
	assert_non_null(strstr(text, "FAILED: load it\n"));
	g_free(kernel.symvers);
}

static void test_page(void **state)
{
	struct kernel kernel = make_kernel(*state);
	AUTO(comparison) comparison = make_comparison(&kernel);
	AUTO(table) table = table_new(comparison);
	g_autofree char *page = page_make(comparison, table);

	assert_true(g_utf8_validate(page, -1, NULL));
	assert_non_null(strstr(page, "&lt;fix&gt;.patch"));
	assert_null(strstr(page, "<fix>"));
	assert_null(strstr(page, "<no>"));
	assert_int_equal(count_of(page, "<td"), table->rows->len * KLATCH_NR_POLICIES);
	assert_int_equal(count_of(page, "<svg"), count_of(page, "</svg>"));
	/* One file that needs no other. */
	assert_null(strstr(page, "src="));
	assert_null(strstr(page, "<link"));
	assert_null(strstr(page, "url(h"));
	/* A mark for each number, and one in the legend. */
	assert_int_equal(count_of(page, "<circle"), KLATCH_NR_POLICIES + 1);
	g_free(kernel.symvers);
}

/* --- the command ----------------------------------------------------------------------------- */

static void expect_usage(const char *directory, char **argv, const char *text)
{
	g_autofree char *output = NULL;

	assert_int_equal(run_command(directory, command_compare, argv, &output), EXIT_CANNOT);
	assert_non_null(strstr(output, text));
}

static void test_arguments(void **state)
{
	char *nothing[] = {(char *)"compare", NULL};
	char *two[] = {(char *)"compare", (char *)"a", (char *)"b", NULL};
	char *negative[] = {(char *)"compare", (char *)"--timeout=-1", (char *)"a", NULL};
	char *unknown[] = {(char *)"compare", (char *)"--frob", NULL};
	char *kernel[] = {(char *)"compare", (char *)"-k", (char *)"6.1.0-0-amd64", (char *)"a",
			  NULL};

	expect_usage(*state, nothing, "one patch is wanted");
	expect_usage(*state, two, "one patch is wanted");
	expect_usage(*state, negative, "can't be negative");
	expect_usage(*state, unknown, "--frob");
	g_setenv("KLATCH_CACHE", *state, TRUE);
	expect_usage(*state, kernel, "klatch kernel add");
	g_unsetenv("KLATCH_CACHE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_definitions),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_costs),
		cmocka_unit_test(test_all_costs),
		cmocka_unit_test(test_scenarios),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_builds),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_livepatch_refused),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_arguments),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
