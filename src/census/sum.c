/*
 * What was found in each object added up, and compared.
 */
#include <string.h>

#include "census/inside.h"

#define ABOUT_EQUAL 0.1

static const guint32 size_limits[] = {64, 128, 256, 512, 1024, 2048, 4096, G_MAXUINT32};

static struct census_group *group_new(const char *name)
{
	struct census_group *group = g_new0(struct census_group, 1);

	group->name = g_strdup(name);
	return group;
}

static void group_free(struct census_group *group)
{
	g_free(group->name);
	g_free(group);
}

static void unknown_free(struct census_unknown *unknown)
{
	g_free(unknown->section);
	g_free(unknown->first);
	g_free(unknown);
}

static void key_free(struct census_key *key)
{
	g_free(key->name);
	g_free(key);
}

static void add_sizes(struct census *census)
{
	for (gsize i = 0; i < G_N_ELEMENTS(size_limits); i++) {
		gboolean last = i + 1 == G_N_ELEMENTS(size_limits);
		g_autofree char *name = last ? g_strdup_printf("%u and more", size_limits[i - 1])
					     : g_strdup_printf("below %u", size_limits[i]);

		g_ptr_array_add(census->sizes, group_new(name));
	}
}

struct census *sum_begin(const struct kernel *kernel)
{
	struct census *census = g_new0(struct census, 1);

	census->release = g_strdup(kernel->release);
	census->version = g_strdup(kernel->version);
	census->all.name = g_strdup("all");
	census->vmlinux.name = g_strdup("vmlinux");
	census->modules.name = g_strdup("modules");
	census->subsystems = g_ptr_array_new_with_free_func((GDestroyNotify)group_free);
	census->sizes = g_ptr_array_new_with_free_func((GDestroyNotify)group_free);
	census->unknown = g_ptr_array_new_with_free_func((GDestroyNotify)unknown_free);
	census->keys = g_ptr_array_new_with_free_func((GDestroyNotify)key_free);
	add_sizes(census);
	return census;
}

void census_free(struct census *census)
{
	if (!census)
		return;
	g_free(census->release);
	g_free(census->version);
	g_free(census->all.name);
	g_free(census->vmlinux.name);
	g_free(census->modules.name);
	g_ptr_array_unref(census->subsystems);
	g_ptr_array_unref(census->sizes);
	g_ptr_array_unref(census->unknown);
	g_ptr_array_unref(census->keys);
	g_free(census);
}

double census_share(const struct census_group *group, enum census_mark mark)
{
	return group->functions ? (double)group->of[mark].functions / (double)group->functions : 0;
}

const char *census_trend(const struct census_group *before, const struct census_group *after,
			 enum census_mark mark)
{
	double was = (double)before->of[mark].entries, is = (double)after->of[mark].entries;

	if (!before->functions || !after->functions || was == is)
		return NULL;
	if (was == 0 || is == 0)
		return is > 0 ? "appeared" : "vanished";
	/* As many as before in as many functions as before is no change. */
	was /= (double)before->functions;
	is /= (double)after->functions;
	if (is > was * (1 + ABOUT_EQUAL))
		return "grew";
	return is < was * (1 - ABOUT_EQUAL) ? "fell" : NULL;
}

static void add_function(struct census_group *group, const struct census_function *function)
{
	group->functions++;
	group->references += function->references;
	for (guint mark = 0; mark < CENSUS_MARKS; mark++)
		group->of[mark].functions += function->marks >> mark & 1;
}

static struct census_group *size_group(const struct census *census, guint32 size)
{
	guint i = 0;

	while (size >= size_limits[i] && i + 1 < G_N_ELEMENTS(size_limits))
		i++;
	return g_ptr_array_index(census->sizes, i);
}

static struct census_group *subsystem_group(struct census *census, const char *name)
{
	for (guint i = 0; i < census->subsystems->len; i++) {
		struct census_group *group = g_ptr_array_index(census->subsystems, i);

		if (!strcmp(group->name, name))
			return group;
	}
	g_ptr_array_add(census->subsystems, group_new(name));
	return g_ptr_array_index(census->subsystems, census->subsystems->len - 1);
}

static void add_entries(struct census_group *group, const struct subject *subject)
{
	group->objects++;
	group->shared_names += subject->shared_names;
	for (guint mark = 0; mark < CENSUS_MARKS; mark++) {
		group->of[mark].entries += subject->entries[mark];
		group->of[mark].objects += subject->entries[mark] > 0;
	}
}

static void add_unknown(struct census *census, const char *section, const char *object)
{
	struct census_unknown *unknown;

	for (guint i = 0; i < census->unknown->len; i++) {
		unknown = g_ptr_array_index(census->unknown, i);
		if (!strcmp(unknown->section, section)) {
			unknown->objects++;
			return;
		}
	}
	unknown = g_new0(struct census_unknown, 1);
	unknown->section = g_strdup(section);
	unknown->first = g_strdup(object);
	unknown->objects = 1;
	g_ptr_array_add(census->unknown, unknown);
}

static void add_keys(GHashTable *all, const struct subject *subject)
{
	GHashTableIter iter;
	gpointer name, sites;

	g_hash_table_iter_init(&iter, subject->keys);
	while (g_hash_table_iter_next(&iter, &name, &sites)) {
		guint before = GPOINTER_TO_UINT(g_hash_table_lookup(all, name));

		g_hash_table_insert(all, g_strdup(name),
				    GUINT_TO_POINTER(before + GPOINTER_TO_UINT(sites)));
	}
}

static gint compare_keys(gconstpointer a, gconstpointer b)
{
	const struct census_key *left = *(struct census_key *const *)a;
	const struct census_key *right = *(struct census_key *const *)b;

	if (left->entries != right->entries)
		return left->entries < right->entries ? 1 : -1;
	return strcmp(left->name, right->name);
}

static void list_keys(struct census *census, GHashTable *all)
{
	GHashTableIter iter;
	gpointer name, sites;

	g_hash_table_iter_init(&iter, all);
	while (g_hash_table_iter_next(&iter, &name, &sites)) {
		struct census_key *key = g_new0(struct census_key, 1);

		key->name = g_strdup(name);
		key->entries = GPOINTER_TO_UINT(sites);
		g_ptr_array_add(census->keys, key);
	}
	g_ptr_array_sort(census->keys, compare_keys);
}

/* What is another object's is now known to be a module's, if that exports it, or vmlinux's. */
static void settle(struct subject *subject, GHashTable *exports)
{
	for (guint i = 0; i < subject->pending->len; i++) {
		const struct pending *pending = &g_array_index(subject->pending, struct pending, i);
		gboolean module = g_hash_table_contains(exports, pending->name);

		subject_mark(subject, pending->function,
			     module ? pending->of_another : pending->of_vmlinux);
	}
}

/* A function is not traceable if ftrace has no site in it: known when all tables were walked. */
static void mark_untraceable(struct subject *subject)
{
	for (guint i = 0; i < subject->functions->len; i++) {
		const struct census_function *function =
			&g_array_index(subject->functions, struct census_function, i);

		if (!(function->marks >> CENSUS_MCOUNT & 1))
			subject_mark(subject, i, CENSUS_NOT_TRACEABLE);
		if (function->marks >> CENSUS_NAME_SHARED & 1)
			subject_mark(subject, i, CENSUS_NAME_SHARED);
	}
}

static void add_subject(struct census *census, struct subject *subject, GHashTable *exports)
{
	gboolean vmlinux = !strcmp(subject->name, "vmlinux");
	struct census_group *groups[] = {&census->all,
					 vmlinux ? &census->vmlinux : &census->modules,
					 subsystem_group(census, subject->subsystem)};

	settle(subject, exports);
	mark_untraceable(subject);
	for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
		add_entries(groups[i], subject);
	for (guint i = 0; i < subject->functions->len; i++) {
		const struct census_function *function =
			&g_array_index(subject->functions, struct census_function, i);

		if (function->left_out)
			continue;
		for (gsize j = 0; j < G_N_ELEMENTS(groups); j++)
			add_function(groups[j], function);
		add_function(size_group(census, function->size), function);
	}
	for (guint i = 0; i < subject->unknown->len; i++)
		add_unknown(census, subject->unknown->pdata[i], subject->name);
}

static gint compare_groups(gconstpointer a, gconstpointer b)
{
	const struct census_group *left = *(struct census_group *const *)a;
	const struct census_group *right = *(struct census_group *const *)b;

	return strcmp(left->name, right->name);
}

void sum_up(struct census *census, const GPtrArray *subjects)
{
	g_autoptr(GHashTable) exports = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < subjects->len; i++) {
		const struct subject *subject = g_ptr_array_index(subjects, i);

		for (guint j = 0; j < subject->exports->len; j++)
			g_hash_table_add(exports, subject->exports->pdata[j]);
	}
	for (guint i = 0; i < subjects->len; i++) {
		struct subject *subject = g_ptr_array_index(subjects, i);

		if (subject->left_out)
			continue;
		add_subject(census, subject, exports);
		add_keys(keys, subject);
	}
	list_keys(census, keys);
	g_ptr_array_sort(census->subsystems, compare_groups);
}
