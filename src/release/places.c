/*
 * What is kept in memory that no type describes: "*(struct it **)(at + size)".  If the address that
 * such an access computes changes, what is there already lies where the former one leads.
 */
#include <string.h>

#include "release/cutting.h"

struct access {
	const char *cast; /* from the first "*" to the last ")" of the type */
	gsize cast_length;
	const char *address; /* in the parentheses behind it */
	gsize address_length;
};

static const char *closing(const char *at, const char *end)
{
	guint depth = 0;

	for (; at < end; at++) {
		if (*at == '(')
			depth++;
		else if (*at == ')' && !--depth)
			return at;
	}
	return NULL;
}

/* The next access at or behind a place, or FALSE. */
static gboolean next_access(const char *at, const char *end, struct access *access)
{
	for (; at + 3 < end; at++) {
		const char *type = at + 1, *close, *address;

		if (*at != '*' || *type != '(')
			continue;
		close = closing(type, end);
		if (!close || close[-1] != '*' || close + 1 >= end || close[1] != '(')
			continue;
		address = closing(close + 1, end);
		if (!address)
			continue;
		*access = (struct access){at, (gsize)(close + 1 - at), close + 2,
					  (gsize)(address - close - 2)};
		return TRUE;
	}
	return FALSE;
}

static const char *lines_of(const struct text *text, guint first, guint count, const char **end)
{
	*end = text->data + text->starts[MIN(first + count, text->count)];
	return text->data + text->starts[MIN(first, text->count)];
}

/* Whether lines access something by a cast to that type, at the same address if that is asked. */
static gboolean has_access(const char *at, const char *end, const struct access *wanted,
			   gboolean same_address)
{
	struct access access;

	for (; next_access(at, end, &access); at = access.cast + 1)
		if (access.cast_length == wanted->cast_length &&
		    !memcmp(access.cast, wanted->cast, wanted->cast_length) &&
		    (!same_address ||
		     (access.address_length == wanted->address_length &&
		      !memcmp(access.address, wanted->address, wanted->address_length))))
			return TRUE;
	return FALSE;
}

static char *place_that_changes(const struct cutting *cutting, const struct part *part)
{
	const char *end, *patched_end;
	const char *at = lines_of(cutting->texts[ORIGINAL], part->original_start,
				  part->original_count, &end);
	const char *patched = lines_of(cutting->texts[PATCHED], part->patched_start,
				       part->patched_count, &patched_end);
	struct access access;

	for (; next_access(at, end, &access); at = access.cast + 1)
		if (g_strstr_len(access.address, (gssize)access.address_length, "->") &&
		    has_access(patched, patched_end, &access, FALSE) &&
		    !has_access(patched, patched_end, &access, TRUE))
			return g_strdup_printf("what is kept at %.*s lies elsewhere with it, and "
					       "objects that are there already have it there",
					       (int)access.address_length, access.address);
	return NULL;
}

void cutting_find_places(struct cutting *cutting)
{
	for (guint i = 0; i < cutting->parts->len; i++) {
		struct part *part = g_ptr_array_index(cutting->parts, i);

		if (!part->begins)
			part->begins = place_that_changes(cutting, part);
	}
}
