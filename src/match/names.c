/*
 * Names by a counting sort: one table from name to group, and the symbols laid out group by group,
 * so that the addresses of a name are one array.
 */
#include "match/names.h"

struct names {
	GHashTable *groups; /* name -> group, counted from 1 */
	gsize *first;	    /* of each group, and one more that ends the last */
	struct named *symbols;
	guint64 *addresses;
	gsize count;
};

/* The group of each symbol, from 0; counts how many each has in names->first[group + 1]. */
static guint32 *assign_groups(struct names *names, const struct named *symbols)
{
	guint32 *group_of = g_new(guint32, names->count);

	for (gsize i = 0; i < names->count; i++) {
		char *name = (char *)symbols[i].name;
		gsize group = GPOINTER_TO_SIZE(g_hash_table_lookup(names->groups, name));

		if (!group) {
			group = g_hash_table_size(names->groups) + 1;
			g_hash_table_insert(names->groups, name, GSIZE_TO_POINTER(group));
		}
		group_of[i] = group - 1;
		names->first[group]++;
	}
	return group_of;
}

struct names *names_new(const struct named *symbols, gsize count)
{
	struct names *names = g_new0(struct names, 1);

	names->count = count;
	names->groups = g_hash_table_new(g_str_hash, g_str_equal);
	names->first = g_new0(gsize, count + 1);
	names->symbols = g_new(struct named, count);
	names->addresses = g_new(guint64, count);

	g_autofree guint32 *group_of = assign_groups(names, symbols);
	gsize groups = g_hash_table_size(names->groups);
	g_autofree gsize *next = g_new(gsize, groups + 1);
	for (gsize group = 1; group <= groups; group++)
		names->first[group] += names->first[group - 1];
	for (gsize group = 0; group < groups; group++)
		next[group] = names->first[group];
	for (gsize i = 0; i < count; i++) {
		gsize at = next[group_of[i]]++;

		names->symbols[at] = symbols[i];
		names->addresses[at] = symbols[i].address;
	}
	return names;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	g_hash_table_unref(names->groups);
	g_free(names->first);
	g_free(names->symbols);
	g_free(names->addresses);
	g_free(names);
}

struct same_name names_find(const struct names *names, const char *name)
{
	gsize group = GPOINTER_TO_SIZE(g_hash_table_lookup(names->groups, name));

	if (!group)
		return (struct same_name){0};

	gsize first = names->first[group - 1];
	return (struct same_name){
		.symbols = &names->symbols[first],
		.addresses = &names->addresses[first],
		.count = names->first[group] - first,
	};
}

const struct named *names_before(const struct names *names, guint64 lowest, guint64 address)
{
	const struct named *best = NULL;

	for (gsize i = 0; i < names->count; i++)
		if (names->addresses[i] >= lowest && names->addresses[i] <= address &&
		    (!best || names->addresses[i] > best->address))
			best = &names->symbols[i];
	return best;
}

gboolean names_have_prefix(const struct names *names, const char *prefix)
{
	for (gsize i = 0; i < names->count; i++)
		if (g_str_has_prefix(names->symbols[i].name, prefix))
			return TRUE;
	return FALSE;
}
