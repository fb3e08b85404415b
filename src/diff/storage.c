/*
 * What names of sections say of the things in them.
 */
#include <string.h>

#include "diff/comparison.h"

gboolean section_is_init(const struct section *section)
{
	return g_str_has_prefix(section->name, ".init.") || !strcmp(section->name, ".head.text");
}

/* A function called "init" has a section whose name ends so too, but has not such a beginning. */
gboolean section_is_of_init(const struct section *section)
{
	static const char *const beginnings[] = {".initcall", ".con_initcall.", ".lsm_info.",
						 ".early_lsm_info.", ".x86_cpu_dev."};

	for (gsize i = 0; i < G_N_ELEMENTS(beginnings); i++)
		if (g_str_has_prefix(section->name, beginnings[i]))
			return g_str_has_suffix(section->name, ".init");
	return section_is_init(section);
}

gboolean section_has_run(const struct comparison *comparison, const struct section *section)
{
	gboolean stays = comparison->intent && comparison->intent->builtin;

	return section_is_init(section) || (stays && g_str_has_prefix(section->name, ".exit."));
}

gboolean section_is_btf_ids(const struct section *section)
{
	return !strcmp(section->name, ".BTF_ids");
}

gboolean section_is_messages(const struct section *section)
{
	static const char *const names[] = {"__dyndbg", "__tracepoint_str", "__trace_printk_fmt",
					    NULL};

	return g_strv_contains(names, section->name);
}

/* ".data" for ".data.count": with -fdata-sections the rest is the variable's own name.  But all of
 * ".data..read_mostly", which the source named. */
static gsize storage_length(const struct section *section)
{
	const char *second = section->name[0] ? strchr(section->name + 1, '.') : NULL;

	return second && second[1] != '.' ? (gsize)(second - section->name) : strlen(section->name);
}

gboolean storage_equal(const struct section *original, const struct section *patched)
{
	gsize length = storage_length(original);

	/* .bss becomes .data when the initialiser does: that is seen by content. */
	if ((original->type == SHT_NOBITS) != (patched->type == SHT_NOBITS))
		return original->flags == patched->flags;
	return length == storage_length(patched) && !strncmp(original->name, patched->name, length);
}
