/*
 * The entries of special sections: which function holds each, and of what kind it is.  What differs
 * between a module and vmlinux is only how a field is read (struct fields).
 */
#include <string.h>

#include "base/error.h"
#include "census/inside.h"
#include "census/x86.h"
#include "kernel/special.h"

/* The marks by who owns what an entry refers to. */
struct owners {
	enum census_mark vmlinux;
	enum census_mark same;
	enum census_mark another;
};

static const struct owners jump_owners = {CENSUS_JUMP_OF_VMLINUX, CENSUS_JUMP_OF_SAME,
					  CENSUS_JUMP_OF_ANOTHER};
static const struct owners call_owners = {CENSUS_CALL_OF_VMLINUX, CENSUS_CALL_OF_SAME,
					  CENSUS_CALL_OF_ANOTHER};
static const struct owners alternative_owners = {
	CENSUS_ALTERNATIVE_OF_VMLINUX, CENSUS_ALTERNATIVE_OF_SAME, CENSUS_ALTERNATIVE_OF_ANOTHER};

/* Whether code is referred to by address, not relative to the field. */
static gboolean is_absolute(enum census_mark mark)
{
	return mark == CENSUS_PARAVIRT || mark == CENSUS_MCOUNT || mark == CENSUS_PATCHABLE;
}

static gboolean is_vmlinux(const struct subject *subject)
{
	return !strcmp(subject->name, "vmlinux");
}

static void mark_owner(struct subject *subject, guint32 function, const struct place *place,
		       const struct owners *owners)
{
	struct pending pending = {
		.function = function, .of_vmlinux = owners->vmlinux, .of_another = owners->another};

	if (!place->elsewhere) {
		subject_mark(subject, function,
			     is_vmlinux(subject) ? owners->vmlinux : owners->same);
		return;
	}
	if (!subject_counts(subject, function))
		return;
	pending.name = g_strdup(place->elsewhere);
	g_array_append_val(subject->pending, pending);
}

/* The name of what is at a place, or NULL. */
static const char *name_of(const struct subject *subject, const struct place *place)
{
	const struct named *named;

	if (place->elsewhere)
		return place->elsewhere;
	named = subject_named_at(subject, place->section, place->offset);
	return named ? named->name : NULL;
}

static gboolean is_descriptor(const struct fields *fields, const struct place *place)
{
	return !place->elsewhere && place->section == fields->dyndbg_section &&
	       place->offset >= fields->dyndbg_start && place->offset < fields->dyndbg_end;
}

static void count_key(struct subject *subject, const char *name)
{
	guint sites = GPOINTER_TO_UINT(g_hash_table_lookup(subject->keys, name));

	g_hash_table_insert(subject->keys, g_strdup(name), GUINT_TO_POINTER(sites + 1));
}

static void classify_jump(struct fields *fields, const struct table *table, guint64 at,
			  guint32 function)
{
	struct subject *subject = fields->subject;
	struct place key;

	if (!fields->refers(fields, table, at + X86_JUMP_KEY, 8, &key))
		return;
	key.offset &= ~(guint64)X86_FLAGS;
	const char *name = name_of(subject, &key);

	if (is_descriptor(fields, &key)) {
		subject_mark(subject, function, CENSUS_JUMP_DYNDBG);
	} else if (name && g_str_has_prefix(name, "__tracepoint_")) {
		subject_mark(subject, function, CENSUS_JUMP_TRACEPOINT);
	} else {
		subject_mark(subject, function, CENSUS_JUMP_KEY);
		if (subject_counts(subject, function))
			count_key(subject, name ? name : "");
	}
	mark_owner(subject, function, &key, &jump_owners);
}

/* A module names the key, or the trampoline where the key is not exported. */
static void classify_call(struct fields *fields, const struct table *table, guint64 at,
			  guint32 function)
{
	struct subject *subject = fields->subject;
	struct place key;
	const char *name;

	if (!fields->refers(fields, table, at + X86_STATIC_CALL_KEY, 4, &key))
		return;
	key.offset &= ~(guint64)X86_FLAGS;
	name = name_of(subject, &key);
	subject_mark(subject, function,
		     name && (g_str_has_prefix(name, "__SCK__tp_func_") ||
			      g_str_has_prefix(name, "__SCT__tp_func_"))
			     ? CENSUS_CALL_TRACEPOINT
			     : CENSUS_CALL_OTHER);
	mark_owner(subject, function, &key, &call_owners);
}

static void classify_alternative(struct fields *fields, const struct table *table, guint64 at,
				 guint32 function)
{
	guint length = x86_replacement_length(table->data + at, table->entry_size);
	struct place code, place;

	if (fields->refers(fields, table, at + X86_ALTERNATIVE_REPLACEMENT, 4, &code) && length &&
	    fields->code_refers(fields, &code, length, &place))
		mark_owner(fields->subject, function, &place, &alternative_owners);
	else
		subject_mark(fields->subject, function, CENSUS_ALTERNATIVE_ALONE);
}

static void classify_bug(struct fields *fields, const struct table *table, guint64 at,
			 guint32 function)
{
	struct place place;
	const char *file;

	if (!fields->refers(fields, table, at + table->entry_size - X86_BUG_FILE_FROM_END, 4,
			    &place))
		return;
	file = fields->text(fields, &place);
	if (file && g_str_has_suffix(file, ".h"))
		subject_mark(fields->subject, function, CENSUS_BUG_HEADER);
}

static const struct {
	enum census_mark mark;
	void (*classify)(struct fields *fields, const struct table *table, guint64 at,
			 guint32 function);
} classifiers[] = {
	{CENSUS_JUMP, classify_jump},
	{CENSUS_CALL, classify_call},
	{CENSUS_ALTERNATIVE, classify_alternative},
	{CENSUS_BUG, classify_bug},
};

static void classify(struct fields *fields, const struct table *table, guint64 at, guint32 function)
{
	for (gsize i = 0; i < G_N_ELEMENTS(classifiers); i++)
		if (classifiers[i].mark == table->mark)
			classifiers[i].classify(fields, table, at, function);
}

static void walk_entry(struct fields *fields, const struct table *table, guint64 at)
{
	int size = is_absolute(table->mark) ? ABSOLUTE : 4;
	guint32 function = NO_FUNCTION;
	struct place code;

	if (table->mark != CENSUS_ORC) {
		/* What refers to nothing fills up vmlinux's tables, or was taken out of them. */
		if (!fields->refers(fields, table, at + table->code_offset, size, &code))
			return;
		if (!code.elsewhere)
			function = subject_function_at(fields->subject, code.section, code.offset);
	}
	subject_mark(fields->subject, function, table->mark);
	classify(fields, table, at, function);
}

static gboolean is_section(enum census_mark mark, const char *name)
{
	const char *section = census_meaning(mark)->section;

	if (!section)
		return FALSE;
	return g_str_has_suffix(section, "*") ? g_pattern_match_simple(section, name)
					      : !strcmp(section, name);
}

gboolean sites_layout(struct table *table, const char *section, guint series)
{
	const struct special *special = special_find(section, series);
	enum census_mark mark = 0;

	while (mark < CENSUS_MARKS && !is_section(mark, section))
		mark++;
	if (mark == CENSUS_MARKS || !special)
		return FALSE;
	table->mark = mark;
	table->code_offset = special->code_offset;
	/* Of those that nothing copies the table of special sections says no size. */
	table->entry_size =
		special->entry_size ? special->entry_size : census_meaning(mark)->entry_size;
	table->least = mark == CENSUS_PARAVIRT ? X86_PARAVIRT_LEAST : table->entry_size;
	return TRUE;
}

gboolean sites_walk(struct fields *fields, const struct table *table, GError **error)
{
	guint size = table->entry_size, rest = (guint)(table->size % size);

	if (rest && rest < table->least) {
		klatch_fail(error, KLATCH_INPUT, "the object can't be counted",
			    fields->subject->name, NULL,
			    "%s holds no whole number of entries of %u bytes",
			    census_meaning(table->mark)->section, size);
		return FALSE;
	}
	for (guint64 at = 0; at + table->least <= table->size; at += size)
		walk_entry(fields, table, at);
	return TRUE;
}
