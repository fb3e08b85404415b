/*
 * Any bytes as a kernel image: refused, or decoded to symbols that are written and read back the
 * same and are found by name and address.
 */
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "kernel/kallsyms.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void check_found(const struct kallsyms *kallsyms)
{
	for (gsize i = 0; i < kallsyms->count; i++) {
		const struct kallsym *symbol = &kallsyms->symbols[i];
		gssize at = kallsyms_at(kallsyms, symbol->address);
		gsize count;
		const guint32 *indexes = kallsyms_find(kallsyms, symbol->name, &count);

		g_assert_cmpuint(kallsyms->symbols[at].address, ==, symbol->address);
		g_assert_cmpuint(count, >, 0);
		g_assert_cmpstr(kallsyms->symbols[indexes[count - 1]].name, ==, symbol->name);
	}
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
	AUTO(kallsyms) kallsyms = kallsyms_decode(bytes, "fuzz", NULL);

	if (!kallsyms)
		return 0;
	check_found(kallsyms);

	g_autofree char *path = g_strdup_printf("/dev/shm/klatch-fuzz-%d", getpid());
	g_autofree char *text = kallsyms_format(kallsyms);
	g_assert_true(files_write(path, text, strlen(text), NULL));
	AUTO(kallsyms) again = kallsyms_read(path, NULL);
	unlink(path);
	g_assert_nonnull(again);
	g_autofree char *text_again = kallsyms_format(again);
	g_assert_cmpstr(text, ==, text_again);
	return 0;
}
