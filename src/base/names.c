/*
 * Names for people.
 */
#include "base/names.h"

char *names_list(const GPtrArray *names, guint most)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < MIN(names->len, most); i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "", (const char *)names->pdata[i]);
	if (names->len > most)
		g_string_append_printf(text, " and %u more", names->len - most);
	return g_string_free(text, FALSE);
}
