/*
 * The running machine out of made-up trees of /proc and /sys.
 */
#include <string.h>

#include "base/error.h"
#include "host/change.h"
#include "host/livepatch.h"
#include "klatch.h"
#include "host/log.h"
#include "host/tasks.h"
#include "machine.h"

/* A livepatch as the kernel shows it: of vmlinux, tun and dummy. */
static void put_fix(const struct machine *machine, const char *enabled, const char *transition)
{
	put(machine, "sys/module/fix/taint", "OEK\n");
	put(machine, "sys/kernel/livepatch/fix/enabled", enabled);
	put(machine, "sys/kernel/livepatch/fix/transition", transition);
	put(machine, "sys/kernel/livepatch/fix/vmlinux/patched", "1\n");
	put_directory(machine, "sys/kernel/livepatch/fix/vmlinux/cmdline_proc_show,1");
	put(machine, "sys/kernel/livepatch/fix/tun/patched", "1\n");
	put_directory(machine, "sys/kernel/livepatch/fix/tun/tun_chr_read_iter,1");
	put_directory(machine, "sys/kernel/livepatch/fix/tun/tun_flags_show,1");
	put(machine, "sys/kernel/livepatch/fix/dummy/patched", "0\n");
	put_directory(machine, "sys/kernel/livepatch/fix/dummy/dummy_setup,1");
	put(machine, "sys/module/tun/taint", "\n");
}

static struct host_livepatch *read_fix(const struct machine *machine)
{
	g_autoptr(GError) error = NULL;
	struct host_livepatch *livepatch = host_livepatch(&machine->host, "fix", &error);

	assert_no_error(error);
	assert_non_null(livepatch);
	return livepatch;
}

static const struct host_target *target_of(const struct host_livepatch *livepatch, const char *name)
{
	for (guint i = 0; i < livepatch->targets->len; i++) {
		const struct host_target *target = livepatch->targets->pdata[i];

		if (!strcmp(target->name, name))
			return target;
	}
	fail_msg("there is no target %s", name);
	return NULL;
}

static void assert_target(const struct host_livepatch *livepatch, const char *name,
			  enum target_state state, guint functions)
{
	const struct host_target *target = target_of(livepatch, name);

	assert_string_equal(target_state_name(target->state), target_state_name(state));
	assert_int_equal(target->functions->len, functions);
}

/* --- livepatches ----------------------------------------------------------------------------- */

static void test_kernel_without_livepatches(void **state)
{
	const struct machine *machine = *state;
	g_autoptr(GError) error = NULL;

	assert_null(host_livepatches(&machine->host, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "does not have this directory");
	assert_null(host_livepatch(&machine->host, "fix", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "does not have this directory");
}

static void test_no_livepatch(void **state)
{
	const struct machine *machine = *state;
	g_autoptr(GError) error = NULL;

	put_directory(machine, "sys/kernel/livepatch");
	put(machine, "sys/module/tun/taint", "OE\n");
	g_autoptr(GPtrArray) livepatches = host_livepatches(&machine->host, &error);
	assert_no_error(error);
	assert_int_equal(livepatches->len, 0);
	assert_null(host_livepatch(&machine->host, "tun", &error));
	assert_error(&error, KLATCH_REFUSED, "no livepatch of this name");
	assert_null(host_livepatch(&machine->host, "../module", &error));
	assert_error(&error, KLATCH_REFUSED, "no livepatch of this name");
	assert_null(host_livepatch(&machine->host, "", &error));
	assert_error(&error, KLATCH_REFUSED, "no livepatch of this name");
}

static void test_states_by_core(void **state)
{
	static const struct {
		const char *enabled, *transition;
		enum livepatch_state state;
	} cases[] = {
		{"1\n", "0\n", LIVEPATCH_ENABLED},
		{"1\n", "1\n", LIVEPATCH_PATCHING},
		{"0\n", "1\n", LIVEPATCH_UNPATCHING},
		{"0\n", "0\n", LIVEPATCH_DISABLED},
	};
	const struct machine *machine = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		put_fix(machine, cases[i].enabled, cases[i].transition);
		AUTO(host_livepatch) fix = read_fix(machine);
		assert_int_equal(fix->state, cases[i].state);
		assert_target(fix, "vmlinux", TARGET_PATCHED, 1);
		assert_target(fix, "tun", TARGET_PATCHED, 2);
		assert_target(fix, "dummy", TARGET_LATE, 1);
	}
}

static void test_targets_by_kernel_side(void **state)
{
	const struct machine *machine = *state;

	put_fix(machine, "1\n", "0\n");
	put_directory(machine, "sys/kernel/livepatch/fix/ext4.unpatched/ext4_read,2");
	put(machine, "sys/module/fix/parameters/targets",
	    "tun unpatched\ndummy absent\next4 unrecognised\n");
	put(machine, "sys/module/fix/parameters/probes", "tun tun_untraced\n");
	AUTO(host_livepatch) fix = read_fix(machine);
	assert_int_equal(fix->targets->len, 4);
	assert_target(fix, "vmlinux", TARGET_PATCHED, 1);
	assert_target(fix, "tun", TARGET_UNPATCHED, 3);
	assert_target(fix, "dummy", TARGET_LATE, 1);
	assert_target(fix, "ext4", TARGET_UNRECOGNISED, 1);
	assert_int_equal(livepatch_count(fix, TARGET_UNRECOGNISED), 1);
	assert_int_equal(livepatch_count(fix, TARGET_PATCHED), 1);
}

/* Only its module is there: it was disabled, or klatch was killed before it removed it. */
static void test_module_alone(void **state)
{
	const struct machine *machine = *state;
	g_autoptr(GError) error = NULL;

	put_directory(machine, "sys/kernel/livepatch");
	put(machine, "sys/module/fix/taint", "K\n");
	put(machine, "sys/module/fix/parameters/targets", "tun unpatched\n");
	put(machine, "sys/module/another/taint", "OK\n");
	g_autoptr(GPtrArray) livepatches = host_livepatches(&machine->host, &error);
	assert_no_error(error);
	assert_int_equal(livepatches->len, 2);
	const struct host_livepatch *fix = livepatches->pdata[1];
	assert_string_equal(fix->name, "fix");
	assert_int_equal(fix->state, LIVEPATCH_DISABLED);
	assert_target(fix, "tun", TARGET_UNPATCHED, 0);
	assert_null(host_in_transition(livepatches));
}

static void test_one_in_transition(void **state)
{
	const struct machine *machine = *state;

	put_fix(machine, "0\n", "1\n");
	put(machine, "sys/module/another/taint", "K\n");
	g_autoptr(GPtrArray) livepatches = host_livepatches(&machine->host, NULL);
	const struct host_livepatch *moving = host_in_transition(livepatches);
	assert_non_null(moving);
	assert_string_equal(moving->name, "fix");
}

/* The note as the builder makes it; cut off anywhere, or another one, it says nothing. */
static void test_cves(void **state)
{
	static const char note[] = "\x07\0\0\0\x1c\0\0\0\x01\0\0\0klatch\0\0"
				   "CVE-2024-1234 CVE-2025-56789";
	const struct machine *machine = *state;

	for (gsize size = 0; size < sizeof(note) - 1; size++) {
		g_autoptr(GBytes) cut = g_bytes_new(note, size);
		g_autoptr(GPtrArray) cves = note_words(cut, KLATCH_NOTE_CVES);

		assert_int_equal(cves->len, 0);
	}
	g_autofree char *other = g_memdup2(note, sizeof(note));
	other[12] = 'K';
	g_autoptr(GBytes) bytes = g_bytes_new(other, sizeof(note));
	g_autoptr(GPtrArray) none = note_words(bytes, KLATCH_NOTE_CVES);
	assert_int_equal(none->len, 0);

	put_fix(machine, "1\n", "0\n");
	put_directory(machine, "sys/module/fix/notes");
	g_autofree char *path = path_in(machine->host.sys, "module/fix/notes/.note.klatch");
	assert_true(g_file_set_contents(path, note, sizeof(note) - 1, NULL));
	AUTO(host_livepatch) fix = read_fix(machine);
	assert_int_equal(fix->cves->len, 2);
	assert_string_equal(fix->cves->pdata[1], "CVE-2025-56789");
}

/* One that has ended is there for good if it says that the kernel may keep something of it. */
static void test_kept(void **state)
{
	static const char note[] = "\x07\0\0\0\x08\0\0\0\x02\0\0\0klatch\0\0one two";
	const struct machine *machine = *state;

	put_fix(machine, "1\n", "0\n");
	put_directory(machine, "sys/module/fix/notes");
	g_autofree char *path = path_in(machine->host.sys, "module/fix/notes/.note.klatch.kept");
	assert_true(g_file_set_contents(path, note, sizeof(note), NULL));
	AUTO(host_livepatch) enabled = read_fix(machine);
	assert_int_equal(enabled->kept->len, 2);
	assert_string_equal(enabled->kept->pdata[1], "two");
	assert_false(livepatch_is_left(enabled));

	put_fix(machine, "0\n", "0\n");
	AUTO(host_livepatch) disabled = read_fix(machine);
	assert_true(livepatch_is_left(disabled));
}

/* --- stacks and tasks ------------------------------------------------------------------------ */

static void test_stack_parse(void **state)
{
	g_autoptr(GPtrArray) frames =
		stack_parse("[<0>] tun_do_read+0x1b4/0x7d0 [tun]\n"
			    "[<0>] tun_chr_read_iter+0x5c/0xd0 [tun 0123456789abcdef]\n"
			    "[<0>] vfs_read+0x209/0x340\n"
			    "something else\n"
			    "[<0>] +0x1/0x2\n"
			    "[<0>] without_offset\n"
			    "[<0>] name.isra.0+0x2f\n");
	const struct stack_frame *frame;

	assert_int_equal(frames->len, 4);
	frame = frames->pdata[0];
	assert_string_equal(frame->function, "tun_do_read");
	assert_int_equal(frame->offset, 0x1b4);
	assert_int_equal(frame->size, 0x7d0);
	assert_string_equal(frame->module, "tun");
	frame = frames->pdata[1];
	assert_string_equal(frame->module, "tun");
	frame = frames->pdata[2];
	assert_string_equal(frame->function, "vfs_read");
	assert_null(frame->module);
	frame = frames->pdata[3];
	assert_string_equal(frame->function, "name.isra.0");
	assert_int_equal(frame->size, 0);
}

static void put_task(const struct machine *machine, const char *task, const char *patch_state,
		     const char *stat, const char *stack)
{
	g_autofree char *directory = g_strconcat("proc/", task, NULL);
	g_autofree char *state_file = g_strconcat(directory, "/patch_state", NULL);
	g_autofree char *stat_file = g_strconcat(directory, "/stat", NULL);
	g_autofree char *stack_file = g_strconcat(directory, "/stack", NULL);

	put(machine, state_file, patch_state);
	put(machine, stat_file, stat);
	put(machine, stack_file, stack);
}

static void put_tasks(const struct machine *machine)
{
	put_task(machine, "1/task/1", "1\n", "1 (init) S 0 1 1 0 -1 4194560 1\n", "");
	put_task(machine, "7/task/7", "0\n", "7 (tun) x) S 1 7 1 0 -1 4194304 1\n",
		 "[<0>] tun_do_read+0x1/0x2 [tun]\n[<0>] tun_chr_read_iter+0x5c/0xd0 [tun]\n");
	put_task(machine, "7/task/8", "0\n", "8 (worker) D 1 7 1 0 -1 2129984 1\n",
		 "[<0>] schedule+0x1/0x2\n[<0>] fixed_read+0x1/0x2 [fix]\n");
	put_task(machine, "9/task/9", "-1\n", "9 (new) S 1 9 1 0 -1 4194304 1\n", "");
	put_directory(machine, "proc/10/task/10"); /* gone while it is looked at */
	put(machine, "proc/version", "Linux");
}

static void test_tasks_that_wait(void **state)
{
	const struct machine *machine = *state;
	const struct host_task *task;

	put_fix(machine, "1\n", "1\n");
	put_tasks(machine);
	AUTO(host_livepatch) fix = read_fix(machine);
	AUTO(host_tasks) tasks = host_tasks(&machine->host, fix);
	assert_int_equal(tasks->total, 4);
	assert_int_equal(tasks->waiting->len, 2);
	task = tasks->waiting->pdata[0];
	assert_int_equal(task->process, 7);
	assert_string_equal(task->name, "tun) x");
	assert_int_equal(task->state, 'S');
	assert_false(task->kernel);
	assert_int_equal(task->blame, 1);
	task = tasks->waiting->pdata[1];
	assert_int_equal(task->thread, 8);
	assert_true(task->kernel);
	assert_int_equal(task->blame, -1);
}

/* On the way back it is the livepatch's own code that must not be on a stack. */
static void test_tasks_that_wait_to_go_back(void **state)
{
	const struct machine *machine = *state;
	const struct host_task *task;
	guint waiting, total;

	put_fix(machine, "0\n", "1\n");
	put_tasks(machine);
	put_task(machine, "1/task/1", "0\n", "1 (init) S", "");
	put_task(machine, "7/task/8", "1\n", "", "[<0>] fixed_read+0x1/0x2 [fix]\n");
	AUTO(host_livepatch) fix = read_fix(machine);
	AUTO(host_tasks) tasks = host_tasks(&machine->host, fix);
	assert_int_equal(tasks->waiting->len, 1);
	task = tasks->waiting->pdata[0];
	assert_string_equal(task->name, "?");
	assert_int_equal(task->blame, 0);
	host_tasks_count(&machine->host, FALSE, &waiting, &total);
	assert_int_equal(waiting, 1);
	assert_int_equal(total, 4);
}

static void test_no_tasks_without_transition(void **state)
{
	const struct machine *machine = *state;

	put_fix(machine, "1\n", "0\n");
	put_tasks(machine);
	AUTO(host_livepatch) fix = read_fix(machine);
	AUTO(host_tasks) tasks = host_tasks(&machine->host, fix);
	assert_int_equal(tasks->waiting->len, 0);
}

/* --- the log --------------------------------------------------------------------------------- */

static const char log_text[] =
	"5,600,1000,-;livepatch: enabling patch 'fix'\n"
	"5,601,1500,-;livepatch: 'fix': starting patching transition\n"
	" SUBSYSTEM=none\n"
	"damaged\n"
	"4,602,1600,c,caller=T1;fix: dummy is another build than this livepatch was made for\n"
	"6,603,1700,-;tun: Universal TUN/TAP device driver\n"
	"5,604,1800,-;livepatch: 'fix_two': patching complete\n"
	"13,605,1900,-;klatch: the transition of 'fix' is forced\n"
	"6,606;no time\n"
	"5,607,99999999999999999999999,-;too late\n"
	"5,608,2000,-;livepatch: 'fix': starting unpatching transition";

static void test_log_parse(void **state)
{
	g_autoptr(GPtrArray) log = log_parse(log_text);
	const struct log_record *record;

	assert_int_equal(log->len, 7);
	record = log->pdata[2];
	assert_int_equal(record->level, 4);
	assert_int_equal(record->sequence, 602);
	assert_int_equal(record->time, 1600);
	assert_true(g_str_has_prefix(record->text, "fix: dummy"));
	record = log->pdata[5];
	assert_int_equal(record->level, 5);
}

static void test_log_of_livepatches(void **state)
{
	g_autoptr(GPtrArray) log = log_parse(log_text);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autoptr(GPtrArray) told = log_of_livepatches(log, names);

	assert_int_equal(told->len, 6);
	assert_true(log_names(told->pdata[0], "fix"));
	assert_true(log_names(told->pdata[2], "fix"));
	assert_false(log_names(told->pdata[3], "fix"));
	assert_true(log_names(told->pdata[4], "fix"));
	assert_int_equal(log_since(log, "fix"), 2000);
	assert_int_equal(log_since(log, "fix_two"), -1);
	g_ptr_array_add(names, (char *)"tun");
	g_autoptr(GPtrArray) more = log_of_livepatches(log, names);
	assert_int_equal(more->len, 7);
}

static void test_log_read_and_written(void **state)
{
	const struct machine *machine = *state;
	g_autofree char *written = NULL;
	g_autoptr(GError) error = NULL;

	assert_null(host_log(&machine->host, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "No such file");
	put(machine, "kmsg", log_text);
	g_autoptr(GPtrArray) log = host_log(&machine->host, &error);
	assert_no_error(error);
	assert_int_equal(log->len, 7);
	assert_true(host_log_write(&machine->host, "forced", &error));
	assert_true(g_file_get_contents(machine->host.log, &written, NULL, NULL));
	assert_true(g_str_has_suffix(written, "<5>klatch: forced"));
}

/* --- changes --------------------------------------------------------------------------------- */

static void assert_file(const struct machine *machine, const char *file, const char *text)
{
	g_autofree char *path = path_in(machine->directory, file);
	g_autofree char *content = NULL;

	assert_true(g_file_get_contents(path, &content, NULL, NULL));
	assert_string_equal(content, text);
}

static void test_enable_and_force(void **state)
{
	const struct machine *machine = *state;
	g_autoptr(GError) error = NULL;

	put_fix(machine, "1", "1");
	put(machine, "sys/kernel/livepatch/fix/force", "");
	assert_true(host_enable(&machine->host, "fix", FALSE, &error));
	assert_file(machine, "sys/kernel/livepatch/fix/enabled", "0");
	assert_true(host_enable(&machine->host, "fix", TRUE, &error));
	assert_file(machine, "sys/kernel/livepatch/fix/enabled", "1");
	assert_true(host_force(&machine->host, "fix", &error));
	assert_file(machine, "sys/kernel/livepatch/fix/force", "1");
	assert_false(host_enable(&machine->host, "gone", FALSE, &error));
	assert_error(&error, KLATCH_REFUSED, "No such file");
}

static void test_wait(void **state)
{
	const struct machine *machine = *state;

	put_fix(machine, "1\n", "0\n");
	assert_true(host_wait(&machine->host, "fix", 0, NULL));
	put_fix(machine, "1\n", "1\n");
	assert_false(host_wait(&machine->host, "fix", 0, NULL));
	put_fix(machine, "0\n", "0\n"); /* its directory goes in a moment */
	assert_false(host_wait(&machine->host, "fix", 0, NULL));
	assert_true(host_wait(&machine->host, "gone", -1, NULL));
}

static void test_load_of_nothing(void **state)
{
	const struct machine *machine = *state;
	g_autoptr(GError) error = NULL;

	assert_false(host_load(&machine->host, "/nonexistent/fix.ko", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_TEST(test_kernel_without_livepatches),
		MACHINE_TEST(test_no_livepatch),
		MACHINE_TEST(test_states_by_core),
		MACHINE_TEST(test_targets_by_kernel_side),
		MACHINE_TEST(test_module_alone),
		MACHINE_TEST(test_one_in_transition),
		MACHINE_TEST(test_cves),
		MACHINE_TEST(test_kept),
		cmocka_unit_test(test_stack_parse),
		MACHINE_TEST(test_tasks_that_wait),
		MACHINE_TEST(test_tasks_that_wait_to_go_back),
		MACHINE_TEST(test_no_tasks_without_transition),
		cmocka_unit_test(test_log_parse),
		cmocka_unit_test(test_log_of_livepatches),
		MACHINE_TEST(test_log_read_and_written),
		MACHINE_TEST(test_enable_and_force),
		MACHINE_TEST(test_wait),
		MACHINE_TEST(test_load_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
