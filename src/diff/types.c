/*
 * Types: objects of a type that exist in memory keep the layout they were made with.  So a struct,
 * union or enum that is in both units must be the same in both.  Only if it is declared in the
 * unit's own source, and no code changes, is all that knows it known not to care.
 * Pointers to functions may change their prototype (prototypes.c).
 *
 * A type of another name within one is told by that name alone: it is in the list itself.  But of
 * the names of integers that say no more than how large they are (u64, unsigned long) one is as
 * good as another.
 */
#include <dwarf.h>
#include <string.h>

#include "diff/comparison.h"
#include "diff/debug.h"
#include "diff/describe.h"
#include "diff/prototypes.h"

/* A named type of file scope. */
struct type {
	char *name; /* "struct foo"; what a typedef names for a type without a tag */
	Dwarf_Die die;
	Dwarf_Die declared; /* whose file and line it has: an enumerator's enum, else itself */
};

/* Both sides, and what is found while two of their types are compared. */
struct pair {
	struct comparison *comparison;
	struct types *original, *patched;
	char *obstacle; /* to a change that might have been harmless; or NULL */
	gboolean calls; /* functions are called by other prototypes */
};

static void type_free(gpointer at)
{
	struct type *type = at;

	g_free(type->name);
	g_free(type);
}

static void add_type(struct types *types, const char *kind, const char *name, Dwarf_Die *die,
		     Dwarf_Die *declared)
{
	struct type *type = g_new0(struct type, 1);

	type->name = g_strdup_printf("%s %s", kind, name);
	type->die = *die;
	type->declared = *declared;
	if (g_hash_table_contains(types->by_name, type->name))
		type_free(type);
	else
		g_hash_table_insert(types->by_name, type->name, type);
}

/* Those of an enum without a name: each is known by its own. */
static void add_enumerators(struct types *types, Dwarf_Die *die)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return;
	do {
		if (dwarf_tag(&child) == DW_TAG_enumerator)
			add_type(types, "enumerator", die_name(&child), &child, die);
	} while (!dwarf_siblingof(&child, &child));
}

static void consider_die(struct types *types, Dwarf_Die *die)
{
	const char *kind = die_kind(dwarf_tag(die)), *name;
	Dwarf_Die target;

	if (kind) {
		name = die_name(die);
		if (*name && !dwarf_hasattr(die, DW_AT_declaration))
			add_type(types, kind, name, die, die);
		else if (dwarf_tag(die) == DW_TAG_enumeration_type)
			add_enumerators(types, die);
	} else if (dwarf_tag(die) == DW_TAG_typedef && die_type(die, &target)) {
		gboolean unnamed = die_kind(dwarf_tag(&target)) && !*die_name(&target);

		add_type(types, "typedef", die_name(die), unnamed ? &target : die,
			 unnamed ? &target : die);
	} else if ((dwarf_tag(die) == DW_TAG_subprogram || dwarf_tag(die) == DW_TAG_variable) &&
		   dwarf_hasattr(die, DW_AT_name)) {
		g_hash_table_insert(types->entries, g_strdup(die_name(die)),
				    g_memdup2(die, sizeof(*die)));
	}
}

static void types_free(struct types *types)
{
	g_hash_table_unref(types->by_name);
	g_hash_table_unref(types->entries);
	for (guint i = 0; i < FORMS; i++)
		g_hash_table_unref(types->descriptions[i]);
	debug_free(types->debug);
	g_free(types);
}
DEFINE_AUTO(types, types_free)

static struct types *types_new(const struct object *object, GError **error)
{
	struct debug *debug = debug_open(object, error);
	Dwarf_CU *unit = NULL;
	Dwarf_Die unit_die, die;

	if (!debug)
		return NULL;
	struct types *types = g_new0(struct types, 1);
	types->debug = debug;
	types->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, type_free);
	types->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (guint i = 0; i < FORMS; i++)
		types->descriptions[i] = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	while (!dwarf_get_units(debug->dwarf, unit, &unit, NULL, NULL, &unit_die, NULL)) {
		if (dwarf_child(&unit_die, &die))
			continue;
		do {
			consider_die(types, &die);
		} while (!dwarf_siblingof(&die, &die));
	}
	return types;
}

static struct member *member_named(const GArray *members, const char *name)
{
	for (guint i = 0; i < members->len; i++) {
		struct member *member = &g_array_index(members, struct member, i);

		if (!strcmp(member->name, name))
			return member;
	}
	return NULL;
}

/*
 * Whether what is called by a pointer of another prototype is right all the same.  If not,
 * *obstacle says why.
 */
static gboolean are_called_alike(struct pair *pair, Dwarf_Die *original, Dwarf_Die *patched)
{
	struct prototype prototype;

	if (pair->obstacle || !prototype_find(&prototype, original, patched))
		return FALSE;
	pair->obstacle =
		prototype_obstacle(pair->comparison, pair->original, pair->patched, &prototype);
	pair->calls |= !pair->obstacle;
	return !pair->obstacle;
}

static gboolean members_equal(struct pair *pair, struct member *first, struct member *second)
{
	Dwarf_Die original, patched;

	if (strcmp(first->name, second->name) || first->bit != second->bit ||
	    first->bits != second->bits)
		return FALSE;
	return !strcmp(first->layout, second->layout) ||
	       (die_type(&first->die, &original) && die_type(&second->die, &patched) &&
		are_called_alike(pair, &original, &patched));
}

/* How one member differs from the one of its name. */
static char *member_change(struct pair *pair, struct member *original, struct member *patched)
{
	if (!*original->name)
		return g_strdup("an unnamed member changed");
	if (strcmp(original->layout, patched->layout))
		return g_strdup_printf("member %s is of type '%s' instead of '%s'", original->name,
				       describe_target(pair->patched, &patched->die, WRITTEN),
				       describe_target(pair->original, &original->die, WRITTEN));
	if (original->bits != patched->bits)
		return g_strdup_printf("member %s is %" G_GUINT64_FORMAT " bits wide instead of "
				       "%" G_GUINT64_FORMAT,
				       original->name, patched->bits, original->bits);
	return g_strdup_printf("member %s moved from offset %" G_GUINT64_FORMAT
			       " to %" G_GUINT64_FORMAT,
			       original->name, original->bit / 8, patched->bit / 8);
}

/* What is different in the first members that are; NULL if all are the same. */
static char *members_change(struct pair *pair, const GArray *original, const GArray *patched)
{
	guint i = 0;

	while (i < original->len && i < patched->len &&
	       members_equal(pair, &g_array_index(original, struct member, i),
			     &g_array_index(patched, struct member, i)))
		i++;
	if (i < patched->len) {
		const struct member *member = &g_array_index(patched, struct member, i);

		if (!member_named(original, member->name))
			return g_strdup_printf("member %s is new", member->name);
	}
	if (i == original->len)
		return i < patched->len ? g_strdup("it has a new member") : NULL;
	struct member *member = &g_array_index(original, struct member, i);
	struct member *other = member_named(patched, member->name);
	return other ? member_change(pair, member, other)
		     : g_strdup_printf("member %s was removed", member->name);
}

/* The values of an enum's names, as pointers to const_value + 1. */
static GHashTable *enumerators_of(Dwarf_Die *die)
{
	GHashTable *values = g_hash_table_new(g_str_hash, g_str_equal);
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return values;
	do {
		if (dwarf_tag(&child) == DW_TAG_enumerator)
			g_hash_table_insert(
				values, (gpointer)die_name(&child),
				GSIZE_TO_POINTER(die_number(&child, DW_AT_const_value, 0)));
	} while (!dwarf_siblingof(&child, &child));
	return values;
}

/* New names change nothing for who does not use them. */
static char *enum_change(Dwarf_Die *original, Dwarf_Die *patched)
{
	g_autoptr(GHashTable) values = enumerators_of(original);
	g_autoptr(GHashTable) patched_values = enumerators_of(patched);
	GHashTableIter iter;
	gpointer name, value, other;

	g_hash_table_iter_init(&iter, values);
	while (g_hash_table_iter_next(&iter, &name, &value))
		if (g_hash_table_lookup_extended(patched_values, name, NULL, &other) &&
		    value != other)
			return g_strdup_printf("%s is %" G_GSSIZE_FORMAT " instead of "
					       "%" G_GSSIZE_FORMAT,
					       (char *)name, (gssize)GPOINTER_TO_SIZE(other),
					       (gssize)GPOINTER_TO_SIZE(value));
	return NULL;
}

static char *value_change(Dwarf_Die *original, Dwarf_Die *patched)
{
	guint64 value = die_number(original, DW_AT_const_value, 0);
	guint64 other = die_number(patched, DW_AT_const_value, 0);

	if (value == other)
		return NULL;
	return g_strdup_printf("it is %" G_GUINT64_FORMAT " instead of %" G_GUINT64_FORMAT, other,
			       value);
}

static char *typedef_change(struct pair *pair, Dwarf_Die *original, Dwarf_Die *patched)
{
	Dwarf_Die target, patched_target;

	if (!strcmp(describe_target(pair->original, original, LAID_OUT),
		    describe_target(pair->patched, patched, LAID_OUT)) ||
	    (die_type(original, &target) && die_type(patched, &patched_target) &&
	     are_called_alike(pair, &target, &patched_target)))
		return NULL;
	return g_strdup_printf("it is '%s' instead of '%s'",
			       describe_target(pair->patched, patched, WRITTEN),
			       describe_target(pair->original, original, WRITTEN));
}

/* How a type changed; NULL if it did not.  Caller frees. */
static char *type_change(struct pair *pair, Dwarf_Die *original, Dwarf_Die *patched)
{
	int tag = dwarf_tag(patched);
	char *change;

	if (dwarf_tag(original) != tag)
		return g_strdup("it is of another kind");
	if (tag == DW_TAG_typedef)
		return typedef_change(pair, original, patched);
	if (tag == DW_TAG_enumerator)
		return value_change(original, patched);
	if (tag == DW_TAG_enumeration_type) {
		change = enum_change(original, patched);
	} else {
		g_autoptr(GArray) members = members_of(pair->original, original);
		g_autoptr(GArray) patched_members = members_of(pair->patched, patched);

		change = members_change(pair, members, patched_members);
	}
	guint64 size = die_number(original, DW_AT_byte_size, 0);
	guint64 patched_size = die_number(patched, DW_AT_byte_size, 0);
	if (!change && size != patched_size)
		change = g_strdup_printf("it is %" G_GUINT64_FORMAT " bytes large instead of "
					 "%" G_GUINT64_FORMAT,
					 patched_size, size);
	return change;
}

/* The file and line of a declaration, as short as it can be told from the unit's own path. */
static char *place_of(Dwarf_Die *die)
{
	Dwarf_Die unit;
	const char *path = dwarf_decl_file(die);
	const char *source = dwarf_diecu(die, &unit, NULL, NULL) ? die_name(&unit) : "";
	gsize common = 0;
	int line = 0;

	if (!path)
		return g_strdup(source);
	for (gsize i = 0; path[i] && path[i] == source[i]; i++)
		if (path[i] == '/')
			common = i + 1;
	dwarf_decl_line(die, &line);
	return g_strdup_printf("%s:%d", path + common, line);
}

/* Whether no other unit can know a type. */
static gboolean is_private(Dwarf_Die *die)
{
	Dwarf_Die unit;
	const char *path = dwarf_decl_file(die);

	if (!path || !dwarf_diecu(die, &unit, NULL, NULL))
		return FALSE;
	g_autofree char *file = g_path_get_basename(path);
	g_autofree char *source = g_path_get_basename(die_name(&unit));
	return !strcmp(file, source);
}

static void refuse_type(struct pair *pair, struct type *patched, const char *change)
{
	g_autofree char *what = g_strdup_printf("%s changed", patched->name);
	g_autofree char *place = place_of(&patched->declared);
	gboolean value = dwarf_tag(&patched->die) == DW_TAG_enumerator;

	if (pair->obstacle)
		refuse_place(pair->comparison, place, what,
			     "keep the prototype, or the name of the function that is called",
			     "%s, and %s", change, pair->obstacle);
	else if (value)
		refuse_place(pair->comparison, place, what, "add new names behind the others",
			     "%s, and objects with the old one may be in use, by %s for one",
			     change, pair->comparison->original->source);
	else
		refuse_place(
			pair->comparison, place, what,
			"keep the layout: keep new state in a shadow variable (klp_shadow_alloc)",
			"%s, and objects of the old layout may be in use, by %s for one", change,
			pair->comparison->original->source);
}

static void compare_type(struct pair *pair, struct type *patched)
{
	struct type *original = g_hash_table_lookup(pair->original->by_name, patched->name);

	if (!original ||
	    (!pair->comparison->diff->functions->len && is_private(&original->declared)))
		return;
	pair->calls = FALSE;
	g_autofree char *change = type_change(pair, &original->die, &patched->die);
	if (change)
		refuse_type(pair, patched, change);
	else if (pair->calls && pair->comparison->diff->functions->len)
		note(pair->comparison,
		     "%s has functions called with other arguments or results: those of modules "
		     "that were not built with the patch are not prepared for that",
		     patched->name);
	g_clear_pointer(&pair->obstacle, g_free);
}

static void refuse_entry(struct pair *pair, const char *name, Dwarf_Die *patched, const char *what,
			 char *obstacle)
{
	g_autofree char *changed = g_strdup_printf("%s changed", name);
	g_autofree char *place = place_of(patched);

	if (obstacle)
		refuse_place(pair->comparison, place, changed,
			     "keep the prototype, or the name of the function that is called",
			     "the prototype of functions that it %s is another, and %s", what,
			     obstacle);
	g_free(obstacle);
}

/* The parameters of a function that are functions themselves, of Dwarf_Die: their types. */
static GArray *called_parameters(Dwarf_Die *function)
{
	GArray *parameters = g_array_new(FALSE, FALSE, sizeof(Dwarf_Die));
	struct prototype prototype;
	Dwarf_Die child, type;

	if (dwarf_child(function, &child))
		return parameters;
	do {
		if (dwarf_tag(&child) == DW_TAG_formal_parameter && die_type(&child, &type) &&
		    prototype_find(&prototype, &type, &type))
			g_array_append_val(parameters, type);
	} while (!dwarf_siblingof(&child, &child));
	return parameters;
}

/* What functions of other units are given to call may be kept by them, in objects of types that are
 * not known here. */
static void compare_parameters(struct pair *pair, const char *name, Dwarf_Die *original,
			       Dwarf_Die *patched)
{
	g_autoptr(GArray) first = called_parameters(original);
	g_autoptr(GArray) second = called_parameters(patched);
	struct prototype prototype;

	for (guint i = 0; i < first->len && first->len == second->len; i++)
		if (prototype_find(&prototype, &g_array_index(first, Dwarf_Die, i),
				   &g_array_index(second, Dwarf_Die, i)))
			refuse_entry(pair, name, patched, "takes",
				     prototype_loss(pair->comparison, pair->original, pair->patched,
						    &prototype));
}

/* A function, or a variable: it keeps what it holds just as an object does. */
static void compare_entry(struct pair *pair, const char *name, Dwarf_Die *original,
			  Dwarf_Die *patched)
{
	Dwarf_Die type, patched_type;
	struct prototype prototype;

	if (dwarf_tag(original) != dwarf_tag(patched))
		return;
	if (dwarf_tag(original) == DW_TAG_subprogram)
		compare_parameters(pair, name, original, patched);
	else if (die_type(original, &type) && die_type(patched, &patched_type) &&
		 prototype_find(&prototype, &type, &patched_type))
		refuse_entry(pair, name, patched, "holds",
			     prototype_obstacle(pair->comparison, pair->original, pair->patched,
						&prototype));
}

static void compare_entries(struct pair *pair)
{
	g_autoptr(GList) names = g_hash_table_get_keys(pair->original->entries);

	names = g_list_sort(names, (GCompareFunc)strcmp);
	for (GList *at = names; at; at = at->next) {
		Dwarf_Die *patched = g_hash_table_lookup(pair->patched->entries, at->data);

		if (patched)
			compare_entry(pair, at->data,
				      g_hash_table_lookup(pair->original->entries, at->data),
				      patched);
	}
}

static gint compare_types_by_name(gconstpointer a, gconstpointer b)
{
	const struct type *first = *(const struct type *const *)a;
	const struct type *second = *(const struct type *const *)b;

	return strcmp(first->name, second->name);
}

gboolean compare_types(struct comparison *comparison, GError **error)
{
	AUTO(types) original = types_new(comparison->original->object, error);
	AUTO(types) patched = original ? types_new(comparison->patched->object, error) : NULL;

	if (!patched)
		return FALSE;
	struct pair pair = {comparison, original, patched, NULL, FALSE};
	guint count;
	g_autofree gpointer *names = g_hash_table_get_keys_as_array(patched->by_name, &count);
	g_autoptr(GPtrArray) sorted = g_ptr_array_sized_new(count);
	for (guint i = 0; i < count; i++)
		g_ptr_array_add(sorted, g_hash_table_lookup(patched->by_name, names[i]));
	g_ptr_array_sort(sorted, compare_types_by_name);
	for (guint i = 0; i < sorted->len; i++)
		compare_type(&pair, g_ptr_array_index(sorted, i));
	compare_entries(&pair);
	return TRUE;
}
