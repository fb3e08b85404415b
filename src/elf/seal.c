/*
 * Sums of livepatches.  For the sum its own bytes are zeros.
 */
#include "elf/seal.h"

#include <string.h>

#include "base/files.h"
#include "elf/view.h"

#define SECTION ".klatch.sum"
#define SIZE	32 /* of SHA-256 */

/* Where the sum is in a file, or 0. */
static gsize find(const void *file, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(file, size);
	AUTO(view) view = view_open(bytes, "", NULL);

	for (guint i = 1; view && i < view_section_count(view); i++) {
		const struct view_section *section = view_section(view, i);

		if (!strcmp(section->name, SECTION) && section->header->sh_size == SIZE &&
		    section->header->sh_type == SHT_PROGBITS)
			return section->header->sh_offset;
	}
	return 0;
}

static void sum(const guint8 *file, gsize size, gsize place, guint8 *result)
{
	static const guint8 zeros[SIZE];
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize length = SIZE;

	g_checksum_update(checksum, file, (gssize)place);
	g_checksum_update(checksum, zeros, SIZE);
	g_checksum_update(checksum, file + place + SIZE, (gssize)(size - place - SIZE));
	g_checksum_get_digest(checksum, result, &length);
}

enum seal seal_look(const void *file, gsize size)
{
	gsize place = find(file, size);
	guint8 right[SIZE];

	if (!place)
		return SEAL_NONE;
	sum(file, size, place, right);
	return memcmp((const guint8 *)file + place, right, SIZE) ? SEAL_BROKEN : SEAL_WHOLE;
}

gboolean seal_renew(void *file, gsize size)
{
	gsize place = find(file, size);

	if (place)
		sum(file, size, place, (guint8 *)file + place);
	return place != 0;
}

gboolean seal_write(struct object *object, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	g_autofree guint8 *file = NULL;
	gsize size;

	object_add_section(object, SECTION, SHT_PROGBITS, 0, 1, NULL, SIZE);
	bytes = object_bytes(object, error);
	if (!bytes)
		return FALSE;
	file = g_bytes_unref_to_data(g_steal_pointer(&bytes), &size);
	seal_renew(file, size);
	return files_write(path, file, size, error);
}
