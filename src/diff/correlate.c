/*
 * Which symbol of the original is which of the patched object.
 *
 * Certain matches come first: names that the source gave.  Where code is the same but for what it
 * refers to, the names in it that the compiler numbered are paired off; that spreads from function
 * to function until nothing more is found.  What is left is paired by who uses it.
 *
 * For functions any pairing is right as long as it is one to one, since whoever refers to another
 * function than the twin of the one before is itself changed; a better pairing only replaces less.
 * For variables it decides whose state the new code works on.  So two ways to pair one make it
 * doubtful, and code that needs a doubtful one can't be made live (include.c).
 */
#include <string.h>

#include "diff/compare.h"
#include "diff/comparison.h"
#include "diff/names.h"

struct correlation {
	struct side *original, *patched;
	GQueue found; /* of struct entity of the original, paired but not yet spread from */
};

/* Symbols of one stem that have no twin yet. */
struct group {
	GPtrArray *original, *patched; /* of struct entity */
};

static gboolean is_variable(const struct entity *entity)
{
	return entity->kind == ENTITY_DATA && entity->body == entity;
}

static gboolean is_once(const struct entity *entity)
{
	return entity->stem && name_class(entity->stem) == NAME_ONCE;
}

static gboolean is_message(const struct entity *entity)
{
	return section_is_messages(entity->symbol->section);
}

/* The four strings that a descriptor of dynamic debugging begins with, or the only one. */
static gboolean messages_equal(struct correlation *correlation, const struct entity *original,
			       const struct entity *patched)
{
	struct range one = range_of_entity(correlation->original, original);
	struct range two = range_of_entity(correlation->patched, patched);

	one.size = MIN(one.size, 4 * sizeof(guint64));
	two.size = MIN(two.size, 4 * sizeof(guint64));
	return ranges_equal(&one, &two, NULL);
}

static gboolean can_be_twins(struct correlation *correlation, const struct entity *original,
			     const struct entity *patched)
{
	if (original->kind != patched->kind || original->stem != patched->stem)
		return FALSE;
	/* Code that was thrown away after boot is not there to be called. */
	if (original->kind == ENTITY_FUNCTION)
		return section_is_init(original->symbol->section) ==
		       section_is_init(patched->symbol->section);
	if (is_variable(original) && is_message(original))
		return is_message(patched) && messages_equal(correlation, original, patched);
	return TRUE;
}

static void pair(struct correlation *correlation, struct entity *original, struct entity *patched)
{
	original->twin = patched;
	patched->twin = original;
	g_queue_push_tail(&correlation->found, original);
	if (original->cold && patched->cold) {
		original->cold->twin = patched->cold;
		patched->cold->twin = original->cold;
	}
}

/* Says that two are the same because code that is the same uses them alike. */
static void unify(struct correlation *correlation, struct entity *original, struct entity *patched)
{
	if (!original || !patched || !original->stem || original->twin == patched ||
	    original->kind == ENTITY_CONSTANT || original->kind == ENTITY_COLD ||
	    !can_be_twins(correlation, original, patched))
		return;
	if (!original->twin && !patched->twin) {
		pair(correlation, original, patched);
		return;
	}
	if (is_once(original) || is_message(original))
		return;
	original->doubtful = patched->doubtful = TRUE;
	if (original->twin)
		original->twin->doubtful = TRUE;
	if (patched->twin)
		patched->twin->doubtful = TRUE;
}

static void unify_ranges(struct correlation *correlation, struct range original,
			 struct range patched)
{
	guint count, patched_count;
	const struct reference *one =
		side_references(original.side, original.section, original.start,
				original.start + original.size, &count);
	const struct reference *two = side_references(patched.side, patched.section, patched.start,
						      patched.start + patched.size, &patched_count);

	if (!count || !ranges_alike(&original, &patched))
		return;
	for (guint i = 0; i < count; i++)
		unify(correlation, one[i].entity, two[i].entity);
}

static void unify_entries(struct correlation *correlation, const struct entity *original,
			  const struct entity *patched)
{
	if (!original->entries || !patched->entries ||
	    original->entries->len != patched->entries->len)
		return;
	for (guint i = 0; i < original->entries->len; i++) {
		const struct entry *one = &g_array_index(original->entries, struct entry, i);
		const struct entry *two = &g_array_index(patched->entries, struct entry, i);

		if (one->special == two->special)
			unify_ranges(correlation, range_of_entry(correlation->original, one),
				     range_of_entry(correlation->patched, two));
	}
}

static void spread_from(struct correlation *correlation, const struct entity *original)
{
	const struct entity *patched = original->twin;

	if (!patched || original->body != original)
		return;
	unify_ranges(correlation, range_of_entity(correlation->original, original),
		     range_of_entity(correlation->patched, patched));
	unify_entries(correlation, original, patched);
	if (original->cold)
		spread_from(correlation, original->cold);
}

static void spread(struct correlation *correlation)
{
	while (!g_queue_is_empty(&correlation->found))
		spread_from(correlation, g_queue_pop_head(&correlation->found));
}

static void pair_names(struct correlation *correlation)
{
	for (guint i = 0; i < correlation->patched->count; i++) {
		struct entity *patched = &correlation->patched->entities[i];
		const char *name = patched->symbol->name;

		if (patched->stem || patched->kind == ENTITY_NONE || patched->kind == ENTITY_COLD ||
		    g_hash_table_lookup(correlation->patched->by_name, name) != patched)
			continue;
		struct entity *original = g_hash_table_lookup(correlation->original->by_name, name);
		if (original && can_be_twins(correlation, original, patched))
			pair(correlation, original, patched);
	}
}

static void group_free(gpointer at)
{
	struct group *group = at;

	g_ptr_array_unref(group->original);
	g_ptr_array_unref(group->patched);
	g_free(group);
}

/* Whether a symbol is still to be paired. */
static gboolean is_left(const struct entity *entity, enum entity_kind kind)
{
	return entity->kind == kind && entity->body == entity && !entity->twin;
}

/* Adds what is left of a side.  A variable that moved into a function gets a number: so its plain
 * name is in the group of the stem. */
static void add_to_groups(GHashTable *groups, const struct side *side, enum entity_kind kind,
			  gboolean is_patched)
{
	for (guint i = 0; i < side->count; i++) {
		struct entity *entity = &side->entities[i];
		const char *stem = entity->stem ? entity->stem : entity->symbol->name;

		if (!is_left(entity, kind))
			continue;
		struct group *group = g_hash_table_lookup(groups, stem);
		if (!group) {
			group = g_new0(struct group, 1);
			group->original = g_ptr_array_new();
			group->patched = g_ptr_array_new();
			g_hash_table_insert(groups, (gpointer)stem, group);
		}
		g_ptr_array_add(is_patched ? group->patched : group->original, entity);
	}
}

/* What has no twin yet, by stem. */
static GHashTable *groups_left(const struct correlation *correlation, enum entity_kind kind)
{
	GHashTable *groups = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, group_free);

	add_to_groups(groups, correlation->original, kind, FALSE);
	add_to_groups(groups, correlation->patched, kind, TRUE);
	return groups;
}

typedef gboolean twin_test(struct correlation *correlation, const struct entity *original,
			   const struct entity *patched);

/* Pairs each with the first of the other side that passes a test. */
static void pair_in_order(struct correlation *correlation, const struct group *group,
			  twin_test *fits)
{
	for (guint i = 0; i < group->patched->len; i++) {
		struct entity *patched = g_ptr_array_index(group->patched, i);

		for (guint j = 0; j < group->original->len && !patched->twin; j++) {
			struct entity *original = g_ptr_array_index(group->original, j);

			if (!original->twin && fits(correlation, original, patched))
				pair(correlation, original, patched);
		}
	}
}

/* The only one without a twin that fits, or NULL if there is none or more than one. */
static struct entity *only_fit(struct correlation *correlation, const GPtrArray *candidates,
			       struct entity *entity, gboolean is_patched, twin_test *fits)
{
	struct entity *only = NULL;

	for (guint i = 0; i < candidates->len; i++) {
		struct entity *candidate = g_ptr_array_index(candidates, i);
		struct entity *original = is_patched ? candidate : entity;
		struct entity *patched = is_patched ? entity : candidate;

		if (candidate->twin || !fits(correlation, original, patched))
			continue;
		if (only)
			return NULL;
		only = candidate;
	}
	return only;
}

/* Pairs those that fit each other and nothing else. */
static void pair_certain(struct correlation *correlation, const struct group *group,
			 twin_test *fits)
{
	for (guint i = 0; i < group->patched->len; i++) {
		struct entity *patched = g_ptr_array_index(group->patched, i);
		struct entity *original =
			patched->twin ? NULL
				      : only_fit(correlation, group->original, patched, TRUE, fits);

		if (original &&
		    only_fit(correlation, group->patched, original, FALSE, fits) == patched)
			pair(correlation, original, patched);
	}
}

static void pair_groups(struct correlation *correlation, enum entity_kind kind,
			void pairing(struct correlation *, const struct group *, twin_test *),
			twin_test *fits)
{
	g_autoptr(GHashTable) groups = groups_left(correlation, kind);
	GHashTableIter iter;
	gpointer group;

	g_hash_table_iter_init(&iter, groups);
	while (g_hash_table_iter_next(&iter, NULL, &group))
		pairing(correlation, group, fits);
	spread(correlation);
}

static gboolean are_clones(struct correlation *correlation, const struct entity *original,
			   const struct entity *patched)
{
	return original->stem && can_be_twins(correlation, original, patched);
}

static gboolean are_clones_of_one_name(struct correlation *correlation,
				       const struct entity *original, const struct entity *patched)
{
	return are_clones(correlation, original, patched) &&
	       !strcmp(original->symbol->name, patched->symbol->name);
}

/*
 * Adds the functions and variables that use an entity, as those of the original.  Something that
 * has no twin may have been inlined on the other side: then it is whoever uses that.
 */
static void add_users(GHashTable *users, GHashTable *visited, const struct entity *entity,
		      gboolean is_patched)
{
	for (guint i = 0; entity->uses && i < entity->uses->len; i++) {
		struct entity *user = use_owner(&g_array_index(entity->uses, struct use, i));

		if (!user)
			continue;
		if (user->twin)
			g_hash_table_add(users, is_patched ? user->twin : user);
		else if (g_hash_table_add(visited, user))
			add_users(users, visited, user, is_patched);
	}
}

static GHashTable *users_of(const struct entity *entity, gboolean is_patched)
{
	g_autoptr(GHashTable) visited = g_hash_table_new(NULL, NULL);
	GHashTable *users = g_hash_table_new(NULL, NULL);

	add_users(users, visited, entity, is_patched);
	return users;
}

static gboolean share_user(struct correlation *correlation, const struct entity *original,
			   const struct entity *patched)
{
	g_autoptr(GHashTable) original_users = users_of(original, FALSE);
	g_autoptr(GHashTable) patched_users = users_of(patched, TRUE);
	GHashTableIter iter;
	gpointer user;

	g_hash_table_iter_init(&iter, original_users);
	while (g_hash_table_iter_next(&iter, &user, NULL))
		if (g_hash_table_contains(patched_users, user))
			return TRUE;
	return FALSE;
}

static gboolean are_same_message(struct correlation *correlation, const struct entity *original,
				 const struct entity *patched)
{
	return is_message(original) && can_be_twins(correlation, original, patched);
}

static gboolean same_shape(const struct entity *original, const struct entity *patched)
{
	return !is_message(original) && !is_message(patched) &&
	       original->symbol->size == patched->symbol->size &&
	       storage_equal(original->symbol->section, patched->symbol->section);
}

/* Of constants that are equal it does not matter which one is meant. */
static gboolean are_equal_constants(struct correlation *correlation, const struct entity *original,
				    const struct entity *patched)
{
	struct range one = range_of_entity(correlation->original, original);
	struct range two = range_of_entity(correlation->patched, patched);

	return !(original->symbol->section->flags & SHF_WRITE) && same_shape(original, patched) &&
	       ranges_equal(&one, &two, NULL);
}

static gboolean are_alike_and_used_alike(struct correlation *correlation,
					 const struct entity *original,
					 const struct entity *patched)
{
	return same_shape(original, patched) && share_user(correlation, original, patched);
}

static gboolean are_used_alike(struct correlation *correlation, const struct entity *original,
			       const struct entity *patched)
{
	return !is_message(original) && !is_message(patched) &&
	       share_user(correlation, original, patched);
}

/* A "once" flag may be taken for another: so by order, which is that of their first use. */
static void pair_once(struct correlation *correlation, const struct group *group, twin_test *fits)
{
	if (group->original->len && group->original->len == group->patched->len &&
	    is_once(g_ptr_array_index(group->original, 0)))
		pair_in_order(correlation, group, fits);
}

/*
 * A variable that has no twin is new, unless one of the same name went away and could be it: for a
 * writable one that looks the same or is used by the same code, for a constant the latter.
 */
static void doubt_group(struct correlation *correlation, const struct group *group, twin_test *fits)
{
	for (guint i = 0; i < group->patched->len; i++) {
		struct entity *patched = g_ptr_array_index(group->patched, i);
		gboolean writable = patched->symbol->section->flags & SHF_WRITE;

		for (guint j = 0; j < group->original->len; j++) {
			const struct entity *original = g_ptr_array_index(group->original, j);

			if (is_once(patched) || is_message(patched))
				continue;
			if ((writable && same_shape(original, patched)) ||
			    fits(correlation, original, patched))
				patched->doubtful = TRUE;
		}
	}
}

void correlate(struct comparison *comparison)
{
	struct correlation correlation = {
		.original = comparison->original,
		.patched = comparison->patched,
		.found = G_QUEUE_INIT,
	};

	pair_names(&correlation);
	spread(&correlation);
	pair_groups(&correlation, ENTITY_FUNCTION, pair_certain, are_clones);
	pair_groups(&correlation, ENTITY_FUNCTION, pair_in_order, are_clones_of_one_name);
	pair_groups(&correlation, ENTITY_FUNCTION, pair_in_order, are_clones);
	pair_groups(&correlation, ENTITY_DATA, pair_in_order, are_same_message);
	pair_groups(&correlation, ENTITY_DATA, pair_in_order, are_equal_constants);
	pair_groups(&correlation, ENTITY_DATA, pair_certain, are_alike_and_used_alike);
	pair_groups(&correlation, ENTITY_DATA, pair_once, are_alike_and_used_alike);
	pair_groups(&correlation, ENTITY_DATA, pair_certain, are_used_alike);
	pair_groups(&correlation, ENTITY_DATA, doubt_group, are_used_alike);
}
