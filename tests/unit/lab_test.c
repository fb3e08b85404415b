/*
 * Trials without a machine: plans read and composed, the initramfs, and what is made of reports,
 * those of a guest that died included.
 */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/error.h"
#include "help.h"
#include "lab/initramfs.h"
#include "lab/plan.h"
#include "lab/report.h"
#include "lab/standard.h"

static struct plan *parse(const char *text)
{
	g_autoptr(GError) error = NULL;
	struct plan *plan = plan_parse(text, "dir/test", "/lp.ko", &error);

	assert_no_error(error);
	return plan;
}

static void test_plan_is_read(void **state)
{
	AUTO(plan)
	plan = parse("# a comment\n"
		     "step first things\n"
		     "\tload kvm-amd\n"
		     "\n"
		     "  step   second things  \r\n"
		     "\tlearn\n"
		     "\trun  dir/program  one two\n"
		     "\texpect a-b c\n");
	g_autofree char *text = plan_text(plan);

	/* Only names of modules have '-' for '_'. */
	assert_string_equal(text, "step first things\nload kvm_amd\n"
				  "step second things\nlearn\nrun dir/program  one two\n"
				  "expect a-b c\n");
}

static void test_plan_faults_name_the_line(void **state)
{
	static const struct {
		const char *text, *where, *why;
	} faults[] = {
		{"load tun\n", "test:1", "with a step"},
		{"# nothing\n", "test:2", "no step"},
		{"step\n", "test:1", "a step has a text"},
		{"step \xff\n", "test:1", "no UTF-8"},
		{"step a\n\nload\n", "test:3", "wants an argument"},
		{"step a\nlearn\nlaod tun\n", "test:3", "no such verb"},
		{"step a\nlearn tun\n", "test:2", "has no argument"},
		{"step a\nwrite /proc/x\n", "test:2", "wants more arguments"},
		{"step a\nbegin unload tun\n", "test:2", "can't be begun"},
		{"step a\nrefused run tun\n", "test:2", "can't be expected to be refused"},
		{"step a\nrefused\n", "test:2", "no such verb"},
		{"step a\nbegin begin load tun\n", "test:2", "no such verb"},
		{"step a\ndisable fix\n", "test:2", "no livepatch of that name"},
		{"livepatch fix a.ko\nstep a\npatched tun fax\n", "test:3", "no livepatch of that"},
		{"repeat 2\nstep a\n", "test:1", "within a step"},
		{"step a\nrepeat 2\nrepeat 2\n", "test:3", "within a step"},
		{"step a\nrepeat 0\n", "test:2", "wants a number"},
		{"step a\nrepeat 2\nlearn\nstep b\n", "test:4", "no end"},
		{"step a\nrepeat 2\nlearn\n", "test:4", "no end"},
		{"step a\nend\n", "test:2", "nothing is repeated"},
		{"end\n", "test:1", "nothing is repeated"},
		{"follow tun fix\n", "test:1", "no livepatch of that name"},
		{"livepatch fix a.ko\nfollow tun fix\nfollow tun fix\n", "test:3", "one livepatch"},
		{"step a\nmodules tun\n", "test:2", "before the first step"},
		{"livepatch fix\n", "test:1", "behind the name"},
		{"livepatch\n", "test:1", "behind it"},
		{"module a/b c.ko\n", "test:1", "letters, digits"},
		{"module ..a c.ko\n", "test:1", "letters, digits"},
		{"module a b.ko c.ko\n", "test:1", "one file"},
		{"module a b.ko\nlivepatch a b.patch\n", "test:2", "this name already"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(plan_parse(faults[i].text, "test", NULL, &error));
		assert_string_equal(klatch_error_reason(error)->where, faults[i].where);
		assert_error(&error, KLATCH_INPUT, faults[i].why);
	}
}

static void test_plan_arguments_come_once(void **state)
{
	AUTO(plan)
	plan = parse("step a\nload b\nunload b\nload livepatch\nload a\n"
		     "step b\nload a\nrun p 1\nrun p 2\nload b\n");
	g_autoptr(GPtrArray) loaded = plan_words(plan, "load");
	g_autoptr(GPtrArray) run = plan_words(plan, "run");
	static const struct plan_word expected[] = {{"b", 2}, {"livepatch", 4}, {"a", 5}};

	assert_int_equal(loaded->len, 3);
	for (guint i = 0; i < 3; i++) {
		const struct plan_word *word = loaded->pdata[i];

		assert_string_equal(word->text, expected[i].text);
		assert_int_equal(word->line, expected[i].line);
	}
	assert_int_equal(run->len, 1);
	assert_string_equal(((struct plan_word *)run->pdata[0])->text, "p");
}

static void test_repetition(void **state)
{
	AUTO(plan) plan = parse("step a\nlearn\nrepeat 3\nload a\nload b\nend\nwait 1\n");
	g_autofree char *text = plan_text(plan);

	assert_string_equal(text, "step a\nlearn\nload a\nload b\nload a\nload b\n"
				  "load a\nload b\nwait 1\n");
}

static void test_what_is_in_the_machine(void **state)
{
	AUTO(plan)
	plan = parse("livepatch a-fix a.patch sub/b.patch\n"
		     "livepatch ready old.ko\n"
		     "module bad-tun ../bad.ko\n"
		     "make program gcc -o $OUT a.c\n"
		     "modules usb-storage sd-mod\n"
		     "disk program\n"
		     "device qemu-xhci\n"
		     "boot preempt=full quiet\n"
		     "step a\n"
		     "refused load bad-tun a-b=c-d\n"
		     "begin run program a-b\n"
		     "patched usb-storage a-fix\n"
		     "plug usb-kbd,id=k\n");
	struct plan_item *fix = plan_item(plan, PLAN_LIVEPATCH, "a_fix");
	struct plan_item *program = plan_item(plan, PLAN_MADE, "program");
	struct plan_item *disk = plan_item(plan, PLAN_DISK, "program");
	g_autofree char *bad = plan_item_path(plan, plan_item(plan, PLAN_MODULE, "bad_tun"));
	g_autofree char *text = plan_text(plan);

	assert_true(plan_item_is_built(fix));
	assert_string_equal(fix->rest, "a.patch sub/b.patch");
	assert_false(plan_item_is_built(plan_item(plan, PLAN_LIVEPATCH, "ready")));
	assert_false(plan_item_is_built(plan_item(plan, PLAN_LIVEPATCH, "livepatch")));
	assert_string_equal(bad, "dir/../bad.ko");
	assert_string_equal(program->rest, "gcc -o $OUT a.c");
	assert_non_null(plan_item(plan, PLAN_KERNEL_MODULE, "usb_storage"));
	assert_non_null(plan_item(plan, PLAN_KERNEL_MODULE, "sd_mod"));
	assert_non_null(plan_item(plan, PLAN_BOOT, "preempt=full quiet"));
	assert_true(plan_has_devices(plan));
	assert_string_equal(text, "step a\nrefused load bad_tun a-b=c-d\nbegin run program a-b\n"
				  "patched usb_storage a_fix\nplug usb-kbd,id=k\n");

	/* What was made is meant wherever its name stands. */
	program->path = g_strdup("/made");
	g_autofree char *made = plan_item_path(plan, disk);
	assert_string_equal(made, "/made");
}
static GPtrArray *targets_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)plan_target_free);
}

/* The verbs of all steps whose text begins so, in one line. */
static char *verbs_of(const struct plan *plan, const char *text)
{
	GString *verbs = g_string_new(NULL);

	for (guint i = 0; i < plan->steps->len; i++) {
		const struct plan_step *step = plan->steps->pdata[i];

		for (guint j = 0; g_str_has_prefix(step->text, text) && j < step->lines->len; j++)
			g_string_append_printf(
				verbs, "%s; ",
				((const struct plan_line *)step->lines->pdata[j])->text);
	}
	return g_string_free(verbs, FALSE);
}

static void assert_verbs(const struct plan *plan, const char *text, const char *expected)
{
	g_autofree char *verbs = verbs_of(plan, text);

	assert_string_equal(verbs, expected);
}

static void test_standard_plan_of_vmlinux_alone(void **state)
{
	g_autoptr(GPtrArray) targets = targets_new();
	AUTO(plan) plan = plan_standard(2, targets, FALSE);
	g_autofree char *text = plan_text(plan);

	assert_string_equal(text, "step load the livepatch, vmlinux: 2 patched\n"
				  "load livepatch\npatched vmlinux\n"
				  "step disable the livepatch and remove it\n"
				  "disable livepatch\nunload livepatch\nwait 300\n"
				  "step load the livepatch again, vmlinux: 2 patched\n"
				  "load livepatch\npatched vmlinux\n"
				  "step disable the livepatch and remove it\n"
				  "disable livepatch\nunload livepatch\nwait 300\n");
}

static void test_standard_plan_of_a_livepatch_that_stays(void **state)
{
	g_autoptr(GPtrArray) targets = targets_new();
	AUTO(plan) plan = plan_standard(1, targets, TRUE);
	g_autofree char *text = plan_text(plan);

	assert_string_equal(text, "step load the livepatch, vmlinux: 1 patched\n"
				  "load livepatch\npatched vmlinux\n"
				  "step disable the livepatch and remove it\n"
				  "disable livepatch\nunload livepatch\nwait 300\n");
}

/* What uses a target goes before it and comes after it; the baseline leaves no target loaded. */
static void test_standard_plan_of_targets_that_need_each_other(void **state)
{
	g_autoptr(GPtrArray) targets = targets_new();
	struct plan_target *kvm = plan_target_new("kvm", 1, TRUE);
	struct plan_target *amd = plan_target_new("kvm_amd", 1, TRUE);

	g_ptr_array_add(amd->needs, g_strdup("kvm"));
	g_ptr_array_add(targets, kvm);
	g_ptr_array_add(targets, amd);

	AUTO(plan) plan = plan_standard(0, targets, FALSE);
	assert_verbs(plan, "load and remove kvm_amd without",
		     "learn; load kvm_amd; unload kvm_amd; unload kvm; "
		     "load kvm_amd; unload kvm_amd; unload kvm; ");
	assert_verbs(plan, "load the livepatch before", "load livepatch; ");
	assert_verbs(plan, "remove kvm and load it without",
		     "unload kvm_amd; unload kvm; load kvm; load kvm_amd; ");
	assert_verbs(plan, "remove kvm_amd and load it again",
		     "unload kvm_amd; load kvm_amd; patched kvm_amd; "
		     "unload kvm_amd; load kvm_amd; patched kvm_amd; "
		     "unload kvm_amd; load kvm_amd; patched kvm_amd; ");
}

/* A module that can't be removed is first loaded under the livepatch, and stays. */
static void test_standard_plan_of_permanent_target(void **state)
{
	g_autoptr(GPtrArray) targets = targets_new();
	g_ptr_array_add(targets, plan_target_new("forever", 3, FALSE));

	AUTO(plan) plan = plan_standard(0, targets, FALSE);
	g_autofree char *text = plan_text(plan);
	assert_null(strstr(text, "unload forever"));
	assert_verbs(plan, "load forever under the livepatch: 3 patched",
		     "load forever; patched forever; ");
	assert_verbs(plan, "forever, loaded before the livepatch", "patched forever; ");
}

static void test_initramfs_is_read_back(void **state)
{
	g_autofree char *path = path_in(*state, "initramfs");
	g_autoptr(GBytes) content = g_bytes_new_static("content", 7);
	g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
	g_autoptr(GError) error = NULL;
	AUTO(initramfs) initramfs = initramfs_new(path, &error);
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	char data[8] = "";

	assert_true(initramfs_add_file(initramfs, "init", content, &error));
	assert_true(initramfs_add_directory(initramfs, "dir", &error));
	assert_true(initramfs_add_file(initramfs, "dir/empty", empty, &error));
	assert_true(initramfs_add_link(initramfs, "dir/link", "/init", &error));
	assert_true(initramfs_finish(initramfs, &error));

	archive_read_support_format_cpio(archive);
	assert_int_equal(archive_read_open_filename(archive, path, 4096), ARCHIVE_OK);
	assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_OK);
	/* The format that the kernel reads is cpio's "newc". */
	assert_int_equal(archive_format(archive), ARCHIVE_FORMAT_CPIO_SVR4_NOCRC);
	assert_string_equal(archive_entry_pathname(entry), "init");
	assert_int_equal(archive_entry_perm(entry), 0755);
	assert_int_equal(archive_read_data(archive, data, sizeof(data)), 7);
	assert_string_equal(data, "content");
	assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_OK);
	assert_int_equal(archive_entry_filetype(entry), AE_IFDIR);
	assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_OK);
	assert_string_equal(archive_entry_pathname(entry), "dir/empty");
	assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_OK);
	assert_string_equal(archive_entry_symlink(entry), "/init");
	assert_int_equal(archive_read_next_header(archive, &entry), ARCHIVE_EOF);
	archive_read_free(archive);
}

static void test_initramfs_that_cannot_be_written(void **state)
{
	g_autofree char *path = path_in(*state, "missing/initramfs");
	g_autoptr(GError) error = NULL;

	assert_null(initramfs_new(path, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, path);
}

#define PLAN "step one\nlearn\nstep two\nlearn\nstep three\nlearn\n"

static struct report *read_report(const char *text)
{
	AUTO(plan) plan = parse(PLAN);

	return report_read(plan, text, strlen(text));
}

static void assert_step(const struct report *report, guint index, enum lab_result result,
			const char *detail)
{
	const struct lab_step *step = report->steps->pdata[index];

	assert_int_equal(step->result, result);
	if (detail)
		assert_string_equal(step->detail, detail);
	else
		assert_null(step->detail);
}

static void test_report_of_a_whole_plan(void **state)
{
	AUTO(report)
	report = read_report("klatch guest\nstep\npassed\n"
			     "step\nnote one thing\nnote  and \xff\nskipped\n"
			     "step\npassed\nend\n");

	assert_true(report->greeted && report->ended && report->sound);
	assert_null(report->died);
	assert_step(report, 0, LAB_PASSED, NULL);
	assert_step(report, 1, LAB_SKIPPED, "one thing\n and \xef\xbf\xbd");
	assert_step(report, 2, LAB_PASSED, NULL);
}

static void test_report_of_the_kernels_words_and_times(void **state)
{
	AUTO(report)
	report = read_report("klatch guest\nstep\nkernel one \xff\ntime 12 load a b\npassed\n"
			     "step\ntime 18446744073709551615 load b\nfailed\nend\n");
	const struct lab_step *first = report->steps->pdata[0], *second = report->steps->pdata[1];
	const struct lab_time *time = first->times->pdata[0];

	assert_true(report->sound);
	assert_int_equal(first->kernel->len, 1);
	assert_string_equal(first->kernel->pdata[0], "one \xef\xbf\xbd");
	assert_int_equal(first->times->len, 1);
	assert_string_equal(time->verb, "load a b");
	assert_int_equal(time->microseconds, 12);
	assert_int_equal(second->kernel->len, 0);
	time = second->times->pdata[0];
	assert_true(time->microseconds == G_MAXUINT64);
}

static void test_report_with_a_failed_step(void **state)
{
	AUTO(report) report = read_report("klatch guest\nstep\nnote why\nfailed\nend\n");

	assert_true(report->ended && report->sound);
	assert_null(report->died);
	assert_step(report, 0, LAB_FAILED, "why");
	assert_step(report, 1, LAB_SKIPPED, "not reached");
	assert_step(report, 2, LAB_SKIPPED, "not reached");
}

static void test_nothing_reported(void **state)
{
	AUTO(report) report = read_report("");

	assert_false(report->greeted || report->ended);
	assert_ptr_equal(report->died, report->steps->pdata[0]);
}

/* However a report is cut off, it is not taken for whole, and one step has failed. */
static void test_truncated_reports(void **state)
{
	const char *whole = "klatch guest\nstep\npassed\nstep\nnote n\npassed\nstep\npassed\nend\n";
	AUTO(plan) plan = parse(PLAN);

	for (gsize size = 0; size < strlen(whole); size++) {
		AUTO(report) report = report_read(plan, whole, size);
		guint failed = 0;

		assert_true(report->sound);
		assert_false(report->ended);
		assert_non_null(report->died);
		assert_int_equal(report->died->result, LAB_FAILED);
		for (guint i = 0; i < report->steps->len; i++) {
			const struct lab_step *step = report->steps->pdata[i];

			failed += step->result == LAB_FAILED;
		}
		assert_int_equal(failed, 1);
	}
}

static void test_death_is_told_of_the_step_that_ran(void **state)
{
	AUTO(report) during = read_report("klatch guest\nstep\npassed\nstep\nnote n\n");
	AUTO(report) between = read_report("klatch guest\nstep\npassed\n");
	AUTO(report)
	behind = read_report("klatch guest\nstep\npassed\nstep\npassed\nstep\npassed\n");

	assert_ptr_equal(during->died, during->steps->pdata[1]);
	assert_ptr_equal(between->died, between->steps->pdata[1]);
	assert_ptr_equal(behind->died, behind->steps->pdata[2]);
}

/* Reports that no guest writes: none of them may end well. */
static void test_unsound_reports(void **state)
{
	static const char *const texts[] = {
		"step\n",
		"klatch guest\nklatch guest\n",
		"klatch guest\npassed\n",
		"klatch guest\nnote n\n",
		"klatch guest\nkernel n\n",
		"klatch guest\ntime 1 load\n",
		"klatch guest\nstep\ntime load\n",
		"klatch guest\nstep\ntime 1\n",
		"klatch guest\nstep\nstep\n",
		"klatch guest\nstep\npassed\npassed\n",
		"klatch guest\nstep\nend\n",
		"klatch guest\nend\n",
		"klatch guest\nstep\npassed\nend\n",
		"klatch guest\nstep\nrubbish\npassed\n",
		"klatch guest\nstep\n\npassed\n",
		"klatch guest\nstep\npassed\nstep\npassed\nstep\npassed\nstep\n",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		AUTO(report) report = read_report(texts[i]);

		assert_false(report->sound);
		assert_false(report->ended);
		assert_int_equal(report->died->result, LAB_FAILED);
	}
}

/* A result counts only with what comes behind it being sound too. */
static void test_lines_after_the_end(void **state)
{
	AUTO(report) report = read_report("klatch guest\nstep\nfailed\nend\nstep\n");

	assert_false(report->sound || report->ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_is_read),
		cmocka_unit_test(test_plan_faults_name_the_line),
		cmocka_unit_test(test_plan_arguments_come_once),
		cmocka_unit_test(test_repetition),
		cmocka_unit_test(test_what_is_in_the_machine),
		cmocka_unit_test(test_standard_plan_of_vmlinux_alone),
		cmocka_unit_test(test_standard_plan_of_a_livepatch_that_stays),
		cmocka_unit_test(test_standard_plan_of_targets_that_need_each_other),
		cmocka_unit_test(test_standard_plan_of_permanent_target),
		cmocka_unit_test(test_initramfs_is_read_back),
		cmocka_unit_test(test_initramfs_that_cannot_be_written),
		cmocka_unit_test(test_report_of_a_whole_plan),
		cmocka_unit_test(test_report_of_the_kernels_words_and_times),
		cmocka_unit_test(test_report_with_a_failed_step),
		cmocka_unit_test(test_nothing_reported),
		cmocka_unit_test(test_truncated_reports),
		cmocka_unit_test(test_death_is_told_of_the_step_that_ran),
		cmocka_unit_test(test_unsound_reports),
		cmocka_unit_test(test_lines_after_the_end),
	};

	return cmocka_run_group_tests_name("lab", tests, make_directory, remove_directory);
}
