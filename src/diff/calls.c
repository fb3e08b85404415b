/*
 * An object's calls as a table: "caller", and "caller > callee" with how often.  A call is any
 * direct call or jump out of a function; calls within a section have no relocation, those to
 * another have one, and which is which differs between the two objects.
 *
 * Not counted is what objtool takes away in one of them: the calls of __fentry__ and the jumps at
 * jump labels.
 */
#include "diff/calls.h"

#include <string.h>

#include "base/error.h"
#include "diff/insn.h"
#include "elf/functions.h"
#include "kernel/special.h"

/* What objtool calls the padding in front of a function. */
#define PADDING "__pfx_"

struct reading {
	const struct object *object;
	GArray *functions;  /* of struct function, by place */
	GHashTable *labels; /* places of jump labels: key section ^ offset, see label_key() */
	GHashTable *calls;  /* text to how often */
};

/* No section is so long that its offsets do not fit. */
static gpointer label_key(const struct section *section, guint64 offset)
{
	return GSIZE_TO_POINTER(((gsize)section->index << 40) | offset);
}

static void read_labels(struct reading *reading, guint series)
{
	const struct section *table = object_section(reading->object, "__jump_table");

	if (!table)
		return;
	guint size = special_find(table->name, series)->entry_size;
	for (guint64 entry = 0; entry + size <= table->size; entry += size) {
		const struct reloc *code = section_reloc_at(table, entry);

		if (code && code->symbol && code->symbol->section)
			g_hash_table_add(reading->labels,
					 label_key(code->symbol->section,
						   code->symbol->value + code->addend));
	}
}

static void count(struct reading *reading, char *text)
{
	gpointer number = g_hash_table_lookup(reading->calls, text);

	g_hash_table_replace(reading->calls, text, GUINT_TO_POINTER(GPOINTER_TO_UINT(number) + 1));
}

/* The name of what a branch leads to; NULL if that is the function itself, or does not count. */
static const char *callee(const struct reading *reading, const struct function *caller,
			  const struct insn *insn)
{
	const struct section *section = caller->section;
	const struct reloc *reloc = section_reloc_at(section, insn->field);
	guint64 target = insn->target;

	if (g_hash_table_contains(reading->labels, label_key(section, insn->offset)))
		return NULL;
	if (reloc && reloc->symbol) {
		section = reloc->symbol->section;
		target = reloc->symbol->value + reloc->addend + (insn->end - insn->field);
		if (!section)
			return strcmp(reloc->symbol->name, "__fentry__") ? reloc->symbol->name
									 : NULL;
	}
	const struct function *function = functions_at(reading->functions, section, target);
	if (function == caller)
		return NULL;
	return function ? function->name : "code outside of functions";
}

static void read_function(struct reading *reading, const struct function *function)
{
	struct insn_walk walk = {function->section, function->start, function->end, {0}};

	if (g_str_has_prefix(function->name, PADDING))
		return;
	count(reading, g_strdup(function->name));
	while (insn_next(&walk)) {
		const char *name = walk.insn.branch ? callee(reading, function, &walk.insn) : NULL;

		if (name)
			count(reading, g_strdup_printf("%s > %s", function->name, name));
	}
}

/* The calls of an object.  The caller unrefs. */
static GHashTable *calls_of(const struct object *object, guint series)
{
	struct reading reading = {
		.object = object,
		.functions = functions_of(object),
		.labels = g_hash_table_new(NULL, NULL),
		.calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};

	read_labels(&reading, series);
	for (guint i = 0; i < reading.functions->len; i++)
		read_function(&reading, &g_array_index(reading.functions, struct function, i));
	g_array_unref(reading.functions);
	g_hash_table_unref(reading.labels);
	return reading.calls;
}

/* The first text, in order, that one has more often than the other; NULL if there is none. */
static const char *first_difference(GHashTable *some, GHashTable *others)
{
	const char *first = NULL;
	GHashTableIter iter;
	gpointer text, number;

	g_hash_table_iter_init(&iter, some);
	while (g_hash_table_iter_next(&iter, &text, &number))
		if (g_hash_table_lookup(others, text) != number &&
		    (!first || strcmp(text, first) < 0))
			first = text;
	return first;
}

gboolean calls_compare(const struct object *stock, const struct object *original, guint series,
		       GError **error)
{
	g_autoptr(GHashTable) theirs = calls_of(stock, series);
	g_autoptr(GHashTable) ours = calls_of(original, series);
	const char *text = first_difference(theirs, ours);

	if (!text)
		text = first_difference(ours, theirs);
	if (!text)
		return TRUE;

	guint here = GPOINTER_TO_UINT(g_hash_table_lookup(ours, text));
	guint there = GPOINTER_TO_UINT(g_hash_table_lookup(theirs, text));
	klatch_fail(error, KLATCH_REFUSED, "the unit is compiled in another way for the livepatch",
		    original->name, "please report it: no unit is known to be",
		    "%s: %u times with the kernel's own flags, %u with one section a function",
		    text, there, here);
	return FALSE;
}
