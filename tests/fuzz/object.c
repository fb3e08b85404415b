/*
 * Any bytes as an object: refused, or read into a model that writes and reads back the same.
 */
#include <string.h>
#include <unistd.h>

#include "elf/object.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void check_same(const struct object *before, const struct object *after)
{
	g_assert_cmpuint(before->sections->len, ==, after->sections->len);
	g_assert_cmpuint(before->symbols->len, ==, after->symbols->len);
	for (guint i = 0; i < before->sections->len; i++) {
		const struct section *left = object_section_at(before, i);
		const struct section *right = object_section_at(after, i);

		g_assert_cmpstr(left->name, ==, right->name);
		g_assert_cmpmem(left->data, left->data ? left->size : 0, right->data,
				right->data ? right->size : 0);
		g_assert_cmpuint(left->relocs->len, ==, right->relocs->len);
	}
	for (guint i = 0; i < before->symbols->len; i++)
		g_assert_cmpstr(object_symbol_at(before, i)->name, ==,
				object_symbol_at(after, i)->name);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
	AUTO(object) object = object_read_bytes(bytes, "fuzz", NULL);

	if (!object || object->type != ET_REL)
		return 0;

	/* in memory: the writer flushes, and a disk would take most of the time */
	g_autofree char *path = g_strdup_printf("/dev/shm/klatch-fuzz-%d.o", getpid());
	g_assert_true(object_write(object, path, NULL));
	AUTO(object) again = object_read(path, NULL);
	unlink(path);
	g_assert_nonnull(again);
	check_same(object, again);
	return 0;
}
