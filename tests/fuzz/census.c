/*
 * Any bytes as a module and as vmlinux: refused, or counted, with parts that are no more than the
 * whole.
 */
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "census/inside.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* The tables lie one after the other where the seeds have their data. */
static const char symbols[] = "ffffffff81000000 T _stext\n"
			      "ffffffff81000010 t f\n"
			      "ffffffff81000020 T _etext\n"
			      "ffffffff81001000 D __start___jump_table\n"
			      "ffffffff81001020 D __stop___jump_table\n"
			      "ffffffff81001020 D __alt_instructions\n"
			      "ffffffff81001038 D __alt_instructions_end\n"
			      "ffffffff81001038 D __start___bug_table\n"
			      "ffffffff81001050 D __stop___bug_table\n";

static void check(const struct subject *subject)
{
	g_assert_cmpuint(subject->entries[CENSUS_JUMP], >=,
			 subject->entries[CENSUS_JUMP_DYNDBG] +
				 subject->entries[CENSUS_JUMP_TRACEPOINT] +
				 subject->entries[CENSUS_JUMP_KEY]);
	g_assert_cmpuint(subject->entries[CENSUS_BUG], >=, subject->entries[CENSUS_BUG_HEADER]);
}

static void count_vmlinux(const guint8 *data, gsize size)
{
	/* in memory: the writer flushes, and a disk would take most of the time */
	g_autofree char *vmlinux = g_strdup_printf("/dev/shm/klatch-fuzz-%d.vmlinux", getpid());
	g_autofree char *kallsyms = g_strdup_printf("/dev/shm/klatch-fuzz-%d.kallsyms", getpid());
	const struct kernel kernel = {.vmlinux = vmlinux, .kallsyms = kallsyms, .series = 6001};
	AUTO(subject) subject = subject_new("vmlinux", "vmlinux", NULL);

	g_assert_true(files_write(vmlinux, data, size, NULL));
	g_assert_true(files_write(kallsyms, symbols, strlen(symbols), NULL));
	if (vmlinux_read(subject, &kernel, NULL))
		check(subject);
	unlink(vmlinux);
	unlink(kallsyms);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
	AUTO(subject) subject = subject_new("fuzz", "other", NULL);

	if (module_read(subject, bytes, 6001, NULL))
		check(subject);
	if (size > 17 && data[16] == 2) /* ET_EXEC */
		count_vmlinux(data, size);
	return 0;
}
