/*
 * Names that the compiler numbers, and the macros of the kernel that make such variables.
 */
#include <string.h>

#include "diff/names.h"

static const struct {
	const char *stem;
	enum name_class class;
} known[] = {
	{"__func__", NAME_CONSTANT},
	{"__FUNCTION__", NAME_CONSTANT},
	{"__PRETTY_FUNCTION__", NAME_CONSTANT},
	{"C", NAME_CONSTANT},	   /* initialiser of an automatic array */
	{"CSWTCH", NAME_CONSTANT}, /* a switch that only chooses a value */
	{"__msg", NAME_CONSTANT},  /* NL_SET_ERR_MSG */
	{"__already_done", NAME_ONCE},
	{"__print_once", NAME_ONCE},
	{"__warned", NAME_ONCE},
	{"_rs", NAME_ONCE},   /* printk_ratelimited */
	{"__key", NAME_ONCE}, /* lock class: identity matters to lockdep alone */
};

/* Skips ".123" at the end; the length is unchanged if there is none. */
static gsize without_number(const char *name, gsize length)
{
	gsize end = length;

	while (end > 0 && g_ascii_isdigit(name[end - 1]))
		end--;
	return end < length && end > 1 && name[end - 1] == '.' ? end - 1 : length;
}

gboolean name_is_btf_id(const char *name)
{
	return g_str_has_prefix(name, "__BTF_ID__");
}

/* __UNIQUE_ID() and BTF_ID() put their counter behind the name without a dot. */
static gsize without_unique_id(const char *name, gsize length)
{
	if (!g_str_has_prefix(name, "__UNIQUE_ID_") && !name_is_btf_id(name))
		return length;
	while (length > 0 && g_ascii_isdigit(name[length - 1]))
		length--;
	return length;
}

char *name_stem(const char *name)
{
	gsize length = strlen(name);
	g_autoptr(GString) stem = g_string_new(NULL);
	gsize last = without_unique_id(name, without_number(name, length));

	if (last < length && !memchr(name, '.', last))
		return g_strndup(name, last);
	/* foo.constprop.0.isra.0: every part of a clone's name has a number. */
	for (const char *part = name; *part;) {
		gsize size = strcspn(part, ".");

		if (part == name || !size || strspn(part, "0123456789") < size)
			g_string_append_printf(stem, "%s%.*s", part == name ? "" : ".", (int)size,
					       part);
		part += size + (part[size] == '.');
	}
	return stem->len < length ? g_strdup(stem->str) : NULL;
}

enum name_class name_class(const char *stem)
{
	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		if (!strcmp(known[i].stem, stem))
			return known[i].class;
	return NAME_STATE;
}

gboolean name_is_device_table(const char *name)
{
	return g_str_has_prefix(name, "__mod_") && g_str_has_suffix(name, "_device_table");
}

char *name_of_cold(const char *name)
{
	gsize length = without_number(name, strlen(name));
	const gsize suffix = strlen(".cold");

	if (length <= suffix || strncmp(name + length - suffix, ".cold", suffix))
		return NULL;
	return g_strndup(name, length - suffix);
}
