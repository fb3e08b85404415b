/*
 * Types by what they are: texts that are equal if two types are.
 */
#include <dwarf.h>

#include "diff/describe.h"

const char *die_kind(int tag)
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

gboolean die_type(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, DW_AT_type, &attribute) && dwarf_formref_die(&attribute, type);
}

guint64 die_number(Dwarf_Die *die, guint name, guint64 otherwise)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value))
		return otherwise;
	return value;
}

const char *die_name(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name ? name : "";
}

const char *describe_target(struct types *types, Dwarf_Die *die, enum form form)
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
GArray *members_of(struct types *types, Dwarf_Die *die)
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

/*
 * Whether it is an integer, whatever it is called.  Then it is described by its kind and size.  An
 * enum is compatible with one of the integers, which one is left to the compiler: of those of a
 * size each is as good.
 */
static gboolean describe_integer(Dwarf_Die *die, enum form form, GString *text)
{
	Dwarf_Die type = *die;

	if (form == COMPATIBLE) {
		if (dwarf_tag(die) != DW_TAG_base_type && dwarf_tag(die) != DW_TAG_enumeration_type)
			return FALSE;
		g_string_append_printf(text, "integer of %" G_GUINT64_FORMAT,
				       die_number(die, DW_AT_byte_size, 0));
		return TRUE;
	}
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

	if (form == COMPATIBLE && tag == DW_TAG_typedef)
		return g_strdup(describe_target(types, die, form));
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
	case DW_TAG_subprogram:
		g_string_append_printf(text, "%s (", describe_target(types, die, form));
		describe_children(types, die, form, DW_TAG_formal_parameter, text);
		g_string_append(text, ")");
		break;
	default:
		if (form != WRITTEN && describe_integer(die, form, text))
			break;
		if (die_kind(tag))
			g_string_append_printf(text, "%s ", die_kind(tag));
		g_string_append(text, name);
		if (!*name && tag == DW_TAG_enumeration_type)
			describe_children(types, die, form, DW_TAG_enumerator, text);
		else if (!*name)
			describe_members(types, die, form, text);
	}
	return g_strdup(text->str);
}

/* A type as one could write it. */
const char *describe(struct types *types, Dwarf_Die *die, enum form form)
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
