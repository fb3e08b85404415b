/*
 * Types: objects of a type that exist in memory keep the layout they were made with.  So a struct,
 * union or enum that is in both units must be the same in both.  Only if it is declared in the
 * unit's own source, and no code changes, is all that knows it known not to care.
 *
 * A type of another name within one is told by that name alone: it is in the list itself.  But of
 * the names of integers that say no more than how large they are (u64, unsigned long) one is as
 * good as another.
 */
#include <dwarf.h>
#include <string.h>

#include "diff/comparison.h"
#include "diff/debug.h"

/* A named type of file scope. */
struct type {
	char *name; /* "struct foo"; what a typedef names for a type without a tag */
	Dwarf_Die die;
};

enum form {
	WRITTEN,  /* as it is in the source */
	LAID_OUT, /* the same for integers that are the same */
	FORMS,
};

struct types {
	struct debug *debug;
	GHashTable *by_name;		 /* name to struct type, owned */
	GHashTable *descriptions[FORMS]; /* offset of a type's entry to its description, owned */
};

struct member {
	const char *name;   /* "" for an unnamed struct or union */
	guint64 bit;	    /* where it begins */
	guint64 bits;	    /* of a bit field */
	const char *layout; /* its type */
	Dwarf_Die die;
};

static const char *describe(struct types *types, Dwarf_Die *die, enum form form);

static void type_free(gpointer at)
{
	struct type *type = at;

	g_free(type->name);
	g_free(type);
}

static const char *tag_name(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
		return "struct";
	case DW_TAG_union_type:
		return "union";
	case DW_TAG_enumeration_type:
		return "enum";
	default:
		return NULL;
	}
}

static gboolean die_type(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, DW_AT_type, &attribute) && dwarf_formref_die(&attribute, type);
}

static guint64 die_number(Dwarf_Die *die, guint name, guint64 otherwise)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value))
		return otherwise;
	return value;
}

static const char *die_name(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name ? name : "";
}

static const char *describe_target(struct types *types, Dwarf_Die *die, enum form form)
{
	Dwarf_Die target;

	return die_type(die, &target) ? describe(types, &target, form) : "void";
}

static struct member member_of(struct types *types, Dwarf_Die *die)
{
	return (struct member){
		.name = die_name(die),
		.bit = die_number(die, DW_AT_data_member_location, 0) * 8 +
		       die_number(die, DW_AT_data_bit_offset, 0),
		.bits = die_number(die, DW_AT_bit_size, 0),
		.layout = describe_target(types, die, LAID_OUT),
		.die = *die,
	};
}

/* The members of a struct or union, of struct member. */
static GArray *members_of(struct types *types, Dwarf_Die *die)
{
	GArray *members = g_array_new(FALSE, FALSE, sizeof(struct member));
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return members;
	do {
		if (dwarf_tag(&child) == DW_TAG_member) {
			struct member member = member_of(types, &child);

			g_array_append_val(members, member);
		}
	} while (!dwarf_siblingof(&child, &child));
	return members;
}

static void describe_members(struct types *types, Dwarf_Die *die, enum form form, GString *text)
{
	g_autoptr(GArray) members = members_of(types, die);

	g_string_append(text, " {");
	for (guint i = 0; i < members->len; i++) {
		struct member *member = &g_array_index(members, struct member, i);

		g_string_append_printf(text, " %s %s:%" G_GUINT64_FORMAT "@%" G_GUINT64_FORMAT ";",
				       describe_target(types, &member->die, form), member->name,
				       member->bits, member->bit);
	}
	g_string_append(text, " }");
}

/* Calls for each child of a tag. */
static void describe_children(struct types *types, Dwarf_Die *die, enum form form, int tag,
			      GString *text)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return;
	do {
		if (dwarf_tag(&child) != tag)
			continue;
		if (tag == DW_TAG_subrange_type)
			g_string_append_printf(
				text, "[%" G_GUINT64_FORMAT "]",
				die_number(&child, DW_AT_count,
					   die_number(&child, DW_AT_upper_bound, -1) + 1));
		else if (tag == DW_TAG_enumerator)
			g_string_append_printf(text, " %s=%" G_GUINT64_FORMAT, die_name(&child),
					       die_number(&child, DW_AT_const_value, 0));
		else
			g_string_append_printf(text, "%s,", describe_target(types, &child, form));
	} while (!dwarf_siblingof(&child, &child));
}

#define WIDTHS(before, behind)                                                                     \
	before "8" behind, before "16" behind, before "32" behind, before "64" behind

/* Whether a typedef says nothing of an integer but its size and sign. */
static gboolean is_plain_integer(const char *name)
{
	static const char *const names[] = {WIDTHS("u", ""),
					    WIDTHS("s", ""),
					    WIDTHS("__u", ""),
					    WIDTHS("__s", ""),
					    WIDTHS("uint", "_t"),
					    WIDTHS("int", "_t"),
					    "ushort",
					    "uint",
					    "ulong",
					    "size_t",
					    "ssize_t",
					    "bool",
					    "__kernel_size_t",
					    "__kernel_ssize_t",
					    "__kernel_ulong_t",
					    "__kernel_long_t",
					    NULL};

	return g_strv_contains(names, name);
}

/* Whether it is an integer, whatever it is called.  Then it is described by its kind and size. */
static gboolean describe_integer(Dwarf_Die *die, GString *text)
{
	Dwarf_Die type = *die;

	while (dwarf_tag(&type) == DW_TAG_typedef && is_plain_integer(die_name(&type)))
		if (!die_type(&type, &type))
			return FALSE;
	if (dwarf_tag(&type) != DW_TAG_base_type)
		return FALSE;
	g_string_append_printf(text, "integer %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
			       die_number(&type, DW_AT_encoding, 0),
			       die_number(&type, DW_AT_byte_size, 0));
	return TRUE;
}

static char *make_description(struct types *types, Dwarf_Die *die, enum form form)
{
	g_autoptr(GString) text = g_string_new(NULL);
	int tag = dwarf_tag(die);
	const char *name = die_name(die);

	switch (tag) {
	case DW_TAG_pointer_type:
		g_string_append_printf(text, "%s *", describe_target(types, die, form));
		break;
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
		g_string_append(text, describe_target(types, die, form));
		break;
	case DW_TAG_array_type:
		g_string_append(text, describe_target(types, die, form));
		describe_children(types, die, form, DW_TAG_subrange_type, text);
		break;
	case DW_TAG_subroutine_type:
		g_string_append_printf(text, "%s (", describe_target(types, die, form));
		describe_children(types, die, form, DW_TAG_formal_parameter, text);
		g_string_append(text, ")");
		break;
	default:
		if (form == LAID_OUT && describe_integer(die, text))
			break;
		if (tag_name(tag))
			g_string_append_printf(text, "%s ", tag_name(tag));
		g_string_append(text, name);
		if (!*name && tag == DW_TAG_enumeration_type)
			describe_children(types, die, form, DW_TAG_enumerator, text);
		else if (!*name)
			describe_members(types, die, form, text);
	}
	return g_strdup(text->str);
}

/* A type as one could write it. */
static const char *describe(struct types *types, Dwarf_Die *die, enum form form)
{
	GHashTable *descriptions = types->descriptions[form];
	gpointer key = GSIZE_TO_POINTER(dwarf_dieoffset(die));
	char *text = g_hash_table_lookup(descriptions, key);

	if (text)
		return text;
	/* A type can't lead to itself but by a name; one that does must not lead on for ever. */
	g_hash_table_insert(descriptions, key, g_strdup("itself"));
	text = make_description(types, die, form);
	g_hash_table_insert(descriptions, key, text);
	return text;
}

static void add_type(struct types *types, const char *kind, const char *name, Dwarf_Die *die)
{
	struct type *type = g_new0(struct type, 1);

	type->name = g_strdup_printf("%s %s", kind, name);
	type->die = *die;
	if (g_hash_table_contains(types->by_name, type->name))
		type_free(type);
	else
		g_hash_table_insert(types->by_name, type->name, type);
}

static void consider_die(struct types *types, Dwarf_Die *die)
{
	const char *kind = tag_name(dwarf_tag(die)), *name;
	Dwarf_Die target;

	if (kind) {
		name = die_name(die);
		if (*name && !dwarf_hasattr(die, DW_AT_declaration))
			add_type(types, kind, name, die);
	} else if (dwarf_tag(die) == DW_TAG_typedef && die_type(die, &target)) {
		gboolean unnamed = tag_name(dwarf_tag(&target)) && !*die_name(&target);

		add_type(types, "typedef", die_name(die), unnamed ? &target : die);
	}
}

static void types_free(struct types *types)
{
	g_hash_table_unref(types->by_name);
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

static gboolean members_equal(const struct member *first, const struct member *second)
{
	return !strcmp(first->name, second->name) && first->bit == second->bit &&
	       first->bits == second->bits && !strcmp(first->layout, second->layout);
}

/* How one member differs from the one of its name. */
static char *member_change(struct types *original_types, struct member *original,
			   struct types *patched_types, struct member *patched)
{
	if (!*original->name)
		return g_strdup("an unnamed member changed");
	if (strcmp(original->layout, patched->layout))
		return g_strdup_printf("member %s is of type '%s' instead of '%s'", original->name,
				       describe_target(patched_types, &patched->die, WRITTEN),
				       describe_target(original_types, &original->die, WRITTEN));
	if (original->bits != patched->bits)
		return g_strdup_printf("member %s is %" G_GUINT64_FORMAT " bits wide instead of "
				       "%" G_GUINT64_FORMAT,
				       original->name, patched->bits, original->bits);
	return g_strdup_printf("member %s moved from offset %" G_GUINT64_FORMAT
			       " to %" G_GUINT64_FORMAT,
			       original->name, original->bit / 8, patched->bit / 8);
}

/* What is different in the first members that are; NULL if all are the same. */
static char *members_change(struct types *original_types, const GArray *original,
			    struct types *patched_types, const GArray *patched)
{
	guint i = 0;

	while (i < original->len && i < patched->len &&
	       members_equal(&g_array_index(original, struct member, i),
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
	return other ? member_change(original_types, member, patched_types, other)
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

/* How a type changed; NULL if it did not.  Caller frees. */
static char *type_change(struct types *original_types, Dwarf_Die *original,
			 struct types *patched_types, Dwarf_Die *patched)
{
	int tag = dwarf_tag(patched);
	char *change;

	if (dwarf_tag(original) != tag)
		return g_strdup("it is of another kind");
	if (tag == DW_TAG_typedef) {
		if (!strcmp(describe_target(original_types, original, LAID_OUT),
			    describe_target(patched_types, patched, LAID_OUT)))
			return NULL;
		return g_strdup_printf("it is '%s' instead of '%s'",
				       describe_target(patched_types, patched, WRITTEN),
				       describe_target(original_types, original, WRITTEN));
	}
	if (tag == DW_TAG_enumeration_type) {
		change = enum_change(original, patched);
	} else {
		g_autoptr(GArray) members = members_of(original_types, original);
		g_autoptr(GArray) patched_members = members_of(patched_types, patched);

		change = members_change(original_types, members, patched_types, patched_members);
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

static void compare_type(struct comparison *comparison, struct types *original_types,
			 struct types *patched_types, struct type *patched)
{
	struct type *original = g_hash_table_lookup(original_types->by_name, patched->name);
	g_autofree char *change = NULL, *what = NULL, *place = NULL;

	if (!original || (!comparison->diff->functions->len && is_private(&original->die)))
		return;
	change = type_change(original_types, &original->die, patched_types, &patched->die);
	if (!change)
		return;
	what = g_strdup_printf("%s changed", patched->name);
	place = place_of(&patched->die);
	refuse_place(comparison, place, what,
		     "keep the layout: keep new state in a shadow variable (klp_shadow_alloc)",
		     "%s, and objects of the old layout are in use, by %s for one", change,
		     comparison->original->source);
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
	guint count;
	g_autofree gpointer *names = g_hash_table_get_keys_as_array(patched->by_name, &count);
	g_autoptr(GPtrArray) sorted = g_ptr_array_sized_new(count);
	for (guint i = 0; i < count; i++)
		g_ptr_array_add(sorted, g_hash_table_lookup(patched->by_name, names[i]));
	g_ptr_array_sort(sorted, compare_types_by_name);
	for (guint i = 0; i < sorted->len; i++)
		compare_type(comparison, original, patched, g_ptr_array_index(sorted, i));
	return TRUE;
}
