/*
 * Any bytes as Debian's changelog: refused, or entries.
 */
#include "release/changelog.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	AUTO(changelog)
	changelog = changelog_parse((const char *)data, size, "1", "2", "changelog", NULL);

	for (guint i = 0; changelog && i < changelog->entries->len; i++) {
		const struct changelog_entry *entry = g_ptr_array_index(changelog->entries, i);

		g_assert_nonnull(entry->subject);
		g_assert_nonnull(entry->version);
	}
	return 0;
}
