/*
 * A livepatch that may be loaded on a made-up machine; with one thing changed it may not, or there
 * is something to be said.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "host/check.h"
#include "host/lists.h"
#include "machine.h"
#include "sign/sign.h"

static const char target_source[] = ".section .note.gnu.build-id, \"a\", @note\n"
				    ".asciz \"note of t\"\n";
static const char other_source[] = ".section .note.gnu.build-id, \"a\", @note\n"
				   ".asciz \"note of T\"\n";

/* source: of the target as it is installed. */
static void install_target(const struct machine *machine, const char *source)
{
	g_autofree char *object = compile(machine->directory, "t.S", source, NULL);
	g_autofree char *module = path_in(machine->host.modules, MACHINE_RELEASE "/t.ko");
	g_autofree char *above = g_path_get_dirname(module);

	assert_true(files_make_directory(above, NULL));
	g_free(output_of(machine->directory, "cp", object, module, NULL));
	g_free(output_of(machine->directory, "mkdir", "-p", "lib", NULL));
	g_free(output_of(machine->directory, "ln", "-sfn", "../modules", "lib/modules", NULL));
	g_free(output_of(machine->directory, "depmod", "-b", machine->directory, MACHINE_RELEASE,
			 NULL));
}

/* One on which the livepatch may be loaded, as fix.o. */
static int make_good_machine(void **state)
{
	make_machine(state);
	const struct machine *machine = *state;

	g_free(make_livepatch(machine, "fix", FALSE));
	install_target(machine, target_source);
	put(machine, "proc/sys/kernel/osrelease", MACHINE_RELEASE "\n");
	put(machine, "proc/sys/kernel/version", MACHINE_VERSION "\n");
	put(machine, "proc/kallsyms",
	    "0000000000000000 t hidden\n0000000000000000 T proc\n0000000000000000 t hidden\n"
	    "0000000000000000 T exported\n0000000000000000 t t_show\t[t]\n"
	    "0000000000000000 t helper\t[t]\n");
	put(machine, "sys/kernel/tracing/available_filter_functions", "proc\nt_show [t]\n");
	put(machine, "sys/module/t/taint", "\n");
	g_free(output_of(machine->directory, "sh", "-c",
			 "mkdir sys/module/t/notes sys/kernel/livepatch;"
			 "printf 'note of t\\0' >sys/module/t/notes/.note.gnu.build-id",
			 NULL));
	return 0;
}

static GPtrArray *check_fix(const struct machine *machine)
{
	g_autofree char *path = path_in(machine->directory, "fix.o");
	g_autoptr(GError) error = NULL;
	GPtrArray *findings = host_check(&machine->host, path, TRUE, &error);

	assert_no_error(error);
	return findings;
}

/* There is always that it is not signed; this finds that and, with a text, one thing more. */
static void expect(const struct machine *machine, enum severity severity, const char *text)
{
	g_autoptr(GPtrArray) findings = check_fix(machine);

	for (guint i = 0; i < findings->len; i++) {
		const struct finding *finding = findings->pdata[i];

		if (strstr(finding->reason->message, "it is not signed"))
			continue;
		if (!text)
			fail_msg("%s", finding->reason->message);
		assert_string_equal(severity_name(finding->severity), severity_name(severity));
		if (!strstr(finding->reason->message, text))
			fail_msg("not '%s': %s", text, finding->reason->message);
		text = NULL;
	}
	if (text)
		fail_msg("it was not found that %s", text);
}

static void test_sound(void **state)
{
	expect(*state, FINDING_NOTE, NULL);
}

static void test_other_file(void **state)
{
	const struct machine *machine = *state;
	g_autofree char *path = path_in(machine->directory, "t.o");
	g_autoptr(GError) error = NULL;

	assert_null(host_check(&machine->host, path, TRUE, &error));
	assert_error(&error, KLATCH_INPUT, "only livepatches of klatch");
	assert_null(host_check(&machine->host, "/nonexistent", TRUE, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "No such file");
}

/* A file of the machine, and what is found when it is so. */
static const struct {
	const char *file, *content;
	enum severity severity;
	const char *text;
} changes[] = {
	{"proc/sys/kernel/osrelease", "6.1.0-other", FINDING_REFUSED, "not 6.1.0-other"},
	{"proc/sys/kernel/version", "#2 SMP", FINDING_REFUSED, "another build of " MACHINE_RELEASE},
	{"sys/module/fix/taint", "K", FINDING_REFUSED, "loaded already"},
	{"proc/sys/kernel/modules_disabled", "1", FINDING_REFUSED, "switched off"},
	{"proc/sys/kernel/ftrace_enabled", "0", FINDING_REFUSED, "ftrace is switched off"},
	{"proc/modules", "t 2000000000 0 - Live 0x0\n", FINDING_REFUSED, "1907 MB"},
	{"sys/module/t/notes/.note.gnu.build-id", "another", FINDING_WARNING,
	 "the module that is loaded is another build"},
	{"sys/kernel/tracing/available_filter_functions", "proc\n", FINDING_REFUSED,
	 "t_show: a function can't be replaced"},
	{"sys/kernel/tracing/enabled_functions", "t_show [t] (1) R    \ttramp: 0x0\n", FINDING_NOTE,
	 "t_show: a function is being traced"},
	{"sys/kernel/tracing/enabled_functions", "t_show [other] (1)\nproc (1) R I  \ttramp\n",
	 FINDING_NOTE, NULL},
	{"sys/kernel/debug/kprobes/list", "00  k  t_show+0x4  t [FTRACE]\n00  k  t_show+0x0  x\n",
	 FINDING_WARNING, "inside of a function"},
	{"sys/kernel/debug/kprobes/list", "0000000000000000  k  proc+0x0    [FTRACE]\n",
	 FINDING_NOTE, "proc: a function has a kprobe"},
	{"proc/kallsyms", "0 t hidden\n0 T proc\n0 T exported\n0 t t_show\t[t]\n0 t helper\t[t]\n",
	 FINDING_REFUSED, "1 symbols of this name, and position 2"},
	{"proc/kallsyms",
	 "0 t hidden\n0 t hidden\n0 T proc\n0 T proc\n0 T exported\n0 t t_show\t[t]\n"
	 "0 t helper\t[t]\n",
	 FINDING_REFUSED, "proc: the livepatch needs"},
	{"proc/kallsyms",
	 "0 t hidden\n0 t hidden\n0 T proc\n0 t t_show\t[t]\n0 t helper\t[t]\n0 T exported\t[t]\n",
	 FINDING_REFUSED, "exported: the livepatch needs"},
	{"proc/kallsyms",
	 "0 t hidden\n0 t hidden\n0 T proc\n0 T exported\n0 t t_show\t[t]\n0 t helper\t[u]\n",
	 FINDING_REFUSED, "helper: the livepatch needs"},
};

static void test_changes(void **state)
{
	const struct machine *machine = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
		g_autofree char *path = path_in(machine->directory, changes[i].file);
		g_autofree char *before = NULL;
		gsize length;
		gboolean was_there = g_file_get_contents(path, &before, &length, NULL);

		put(machine, changes[i].file, changes[i].content);
		expect(machine, changes[i].severity, changes[i].text);
		if (was_there) {
			assert_true(g_file_set_contents(path, before, (gssize)length, NULL));
		} else {
			g_autofree char *above = g_path_get_dirname(path);

			/* sys/module/fix goes whole; all else may stay empty */
			files_remove_tree(strstr(above, "/module/") ? above : path, NULL);
		}
	}
}

static void test_signature(void **state)
{
	struct machine *machine = *state;

	put(machine, "sys/module/module/parameters/sig_enforce", "Y\n");
	g_autoptr(GPtrArray) enforced = check_fix(machine);
	const struct finding *finding = enforced->pdata[0];
	assert_int_equal(finding->severity, FINDING_REFUSED);
	put(machine, "sys/module/module/parameters/sig_enforce", "N\n");
	put(machine, "sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	g_autoptr(GPtrArray) locked = check_fix(machine);
	finding = locked->pdata[0];
	assert_int_equal(finding->severity, FINDING_REFUSED);
	put(machine, "sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	g_autoptr(GPtrArray) open = check_fix(machine);
	finding = open->pdata[0];
	assert_int_equal(finding->severity, FINDING_NOTE);

	g_free(output_of(machine->directory, "sh", "-c",
			 "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=one -keyout key"
			 " -out cert -days 2 2>/dev/null",
			 NULL));
	g_autofree char *key = path_in(machine->directory, "key");
	g_autofree char *certificate = path_in(machine->directory, "cert");
	g_autofree char *livepatch = path_in(machine->directory, "fix.o");
	assert_true(sign_module(livepatch, key, certificate, livepatch, NULL));
	g_autoptr(GPtrArray) is_signed = check_fix(machine);
	assert_int_equal(is_signed->len, 0);
}

static void test_installed_builds(void **state)
{
	const struct machine *machine = *state;

	install_target(machine, other_source);
	expect(machine, FINDING_WARNING, "the module that is installed is another build");
	/* Of what is not loaded names are not asked for. */
	g_free(output_of(machine->directory, "rm", "-r", "sys/module/t", NULL));
	put(machine, "proc/kallsyms", "0 t hidden\n0 t hidden\n0 T proc\n0 T exported\n");
	expect(machine, FINDING_WARNING, "the module that is installed is another build");
	g_free(output_of(machine->directory, "rm", "-r", "modules", NULL));
	expect(machine, FINDING_NOTE, "it is neither loaded nor installed");
}

/* The installed target, behind microcode, in an initramfs that a command compresses. */
static void make_initramfs(const struct machine *machine, const char *compress)
{
	g_autofree char *script = g_strdup_printf(
		"set -e; rm -rf early main; mkdir -p early/kernel main/usr/lib boot;"
		"echo microcode >early/kernel/x86; cp -r modules main/usr/lib/; rm "
		"main/usr/lib/modules/*/modules*;"
		"for part in early main; do (cd $part; find . | cpio --quiet -o -H newc "
		">../$part.cpio); done;"
		"(cat early.cpio; head -c 600 /dev/zero; %s <main.cpio) "
		">boot/initrd.img-" MACHINE_RELEASE,
		compress);

	g_free(output_of(machine->directory, "sh", "-c", script, NULL));
}

static void test_initramfs(void **state)
{
	static const char *const compressions[] = {"cat", "gzip", "xz", "zstd -q"};
	const struct machine *machine = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(compressions); i++) {
		install_target(machine, target_source);
		make_initramfs(machine, compressions[i]);
		expect(machine, FINDING_NOTE, NULL);
		install_target(machine, other_source);
		make_initramfs(machine, compressions[i]);
		install_target(machine, target_source);
		expect(machine, FINDING_WARNING, "the module in the initramfs is another build");
	}
	make_initramfs(machine, "xz | head -c 200");
	expect(machine, FINDING_NOTE, "boot/initrd.img");
	put(machine, "boot/initrd.img-" MACHINE_RELEASE, "no archive");
	expect(machine, FINDING_NOTE, "boot/initrd.img");
}

static void test_other_livepatches(void **state)
{
	const struct machine *machine = *state;

	put(machine, "sys/module/other/taint", "K\n");
	put(machine, "sys/kernel/livepatch/other/enabled", "1\n");
	put(machine, "sys/kernel/livepatch/other/transition", "0\n");
	put_directory(machine, "sys/kernel/livepatch/other/t/t_other,1");
	expect(machine, FINDING_NOTE, NULL);
	put_directory(machine, "sys/kernel/livepatch/other/t/t_show,1");
	expect(machine, FINDING_WARNING, "that of other has no effect");
	put(machine, "sys/kernel/livepatch/other/enabled", "0\n");
	expect(machine, FINDING_NOTE, NULL);
}

static void test_replacing(void **state)
{
	const struct machine *machine = *state;

	g_free(make_livepatch(machine, "fix", TRUE));
	put(machine, "sys/module/other/taint", "K\n");
	put(machine, "sys/kernel/livepatch/other/enabled", "1\n");
	put_directory(machine, "sys/kernel/livepatch/other/t/t_show,1");
	expect(machine, FINDING_NOTE, "other: a livepatch is replaced");
}

static void test_transition(void **state)
{
	const struct machine *machine = *state;

	put(machine, "sys/module/other/taint", "K\n");
	put(machine, "sys/kernel/livepatch/other/enabled", "0\n");
	put(machine, "sys/kernel/livepatch/other/transition", "1\n");
	expect(machine, FINDING_REFUSED, "another livepatch is in transition");
}

/* Lines that are not whole are passed over; a line's parts are what they are. */
static void test_lists(void **state)
{
	g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *text =
		g_strdup("0 t a\t[m 0123]\n0 t a [m]\n\n0\n0 t\n0 tt a\t[m]\n0 t a");
	struct list_entry entry;
	char with_flags[] = "a [m] (2) R I", bare[] = "a", cut[] = "a [m";
	char probe[] = "0 k a+0x10 m [FTRACE]";

	g_hash_table_insert(counts, list_key("m", "a"), NULL);
	list_count(text, list_kallsyms, counts);
	assert_int_equal(GPOINTER_TO_UINT(g_hash_table_lookup(counts, "m:a")), 2);
	assert_true(list_ftrace(with_flags, &entry));
	assert_string_equal(entry.object, "m");
	assert_string_equal(entry.rest, "(2) R I");
	assert_true(list_ftrace(bare, &entry));
	assert_string_equal(entry.object, "vmlinux");
	assert_true(list_ftrace(cut, &entry));
	assert_string_equal(entry.object, "vmlinux");
	assert_true(list_kprobes(probe, &entry));
	assert_string_equal(entry.name, "a");
	assert_string_equal(entry.object, "m");
	assert_string_equal(entry.rest, "0x10");
}

#define GOOD_MACHINE_TEST(function)                                                                \
	cmocka_unit_test_setup_teardown(function, make_good_machine, remove_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GOOD_MACHINE_TEST(test_sound),
		GOOD_MACHINE_TEST(test_other_file),
		GOOD_MACHINE_TEST(test_initramfs),
		GOOD_MACHINE_TEST(test_changes),
		GOOD_MACHINE_TEST(test_signature),
		GOOD_MACHINE_TEST(test_installed_builds),
		GOOD_MACHINE_TEST(test_other_livepatches),
		GOOD_MACHINE_TEST(test_replacing),
		GOOD_MACHINE_TEST(test_transition),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
