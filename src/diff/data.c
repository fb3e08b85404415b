/*
 * Data: a livepatch replaces functions, nothing else.  A variable that exists keeps its value and
 * its place; whatever a patch changes there would not happen, so it is refused.
 */
#include <string.h>

#include "diff/compare.h"
#include "diff/comparison.h"
#include "diff/names.h"

#define DATA_HINT                                                                                  \
	"change the function that uses it instead, or write a callback or a shadow variable "      \
	"(klatch-build(1))"

/* What an author may say, who knows better.  Of a whole release nobody does: klatch update takes no
 * such word. */
static char *skip_hint(const struct comparison *comparison, const char *name)
{
	gboolean alone = comparison->intent && comparison->intent->unattended;

	return g_strdup_printf("if that is right, leave it with --skip-data=%s%s", name,
			       alone ? " in a livepatch of that change alone (klatch-build(1))"
				     : "");
}

/* Data that only initialisation uses. */
static void refuse_init_data(struct comparison *comparison, const struct entity *entity,
			     const char *what, const char *difference)
{
	refuse_gone(comparison, entity, what, DATA_HINT, "do what it is for",
		    "it was used when the object was loaded", difference);
}

/* content: its shape is the same, so that the code that uses it can go on with the old one. */
static void refuse_change(struct comparison *comparison, const struct entity *entity,
			  gboolean content, const char *difference)
{
	const struct symbol *symbol = entity->symbol;
	g_autofree char *what = g_strdup_printf("data %s changed", symbol->name);
	g_autofree char *skip = skip_hint(comparison, symbol->name);
	g_autofree char *hint = g_strconcat(DATA_HINT, "; ", skip, NULL);
	g_autofree char *obstacle = table_obstacle(comparison, entity->twin);

	if (section_is_init(symbol->section))
		refuse_init_data(comparison, entity, what, difference);
	else
		refuse_or_skip(comparison, content && note_data(comparison, symbol), symbol, what,
			       content ? hint : DATA_HINT,
			       "%s, and a livepatch can't change data that is in use%s%s",
			       difference, obstacle ? ": " : "", obstacle ? obstacle : "");
}

static void compare_variable(struct comparison *comparison, const struct entity *original)
{
	const struct entity *patched = original->twin;
	const struct symbol *one = original->symbol, *two = patched->symbol;
	struct range first = range_of_entity(comparison->original, original);
	struct range second = range_of_entity(comparison->patched, patched);
	g_autofree char *text = NULL;
	struct difference difference;
	gboolean content = FALSE;

	/* Twins here print the same; the line number does not matter, nor does the initial state.
	 */
	if (section_is_messages(one->section))
		return;
	if (one->size != two->size)
		text = g_strdup_printf("it is %" G_GUINT64_FORMAT " bytes large instead of "
				       "%" G_GUINT64_FORMAT,
				       two->size, one->size);
	else if (!storage_equal(one->section, two->section))
		text = g_strdup_printf("it is in %s instead of %s", two->section->name,
				       one->section->name);
	else if ((content = !ranges_equal(&first, &second, &difference)))
		text = difference_text(&difference, "its initial value");
	if (text)
		refuse_change(comparison, patched, content, text);
}

static gboolean refers_to_code(const struct side *side, const struct entity *entity)
{
	struct range range = range_of_entity(side, entity);
	guint count;
	const struct reference *references =
		side_references(side, range.section, range.start, range.start + range.size, &count);

	for (guint i = 0; i < count; i++)
		if (references[i].entity && references[i].entity->kind == ENTITY_FUNCTION)
			return TRUE;
	return FALSE;
}

/* Whether a variable that goes may be missed, as far as nobody says that it is not. */
static gboolean holds_state(const struct comparison *comparison, const struct entity *original)
{
	return comparison->intent && comparison->intent->unattended && !original->stem &&
	       original->symbol->section->flags & SHF_WRITE;
}

static void check_removed(struct comparison *comparison, const struct entity *original)
{
	const char *name = original->symbol->name;
	g_autofree char *what = NULL, *hint = NULL;

	if (section_is_init(original->symbol->section) ||
	    section_is_messages(original->symbol->section) ||
	    (original->stem && name_class(original->stem) == NAME_ONCE))
		return;
	gboolean state = holds_state(comparison, original);
	if (!state && !refers_to_code(comparison->original, original)) {
		note(comparison, "%s was removed; it stays in memory, unused", name);
		return;
	}
	what = g_strdup_printf("data %s was removed", name);
	hint = skip_hint(comparison, name);
	refuse_or_skip(comparison, note_data(comparison, original->symbol), original->symbol, what,
		       hint,
		       state ? "what it holds now would be lost"
			     : "it holds addresses of functions, and whoever was given it goes on "
			       "using it");
}

/* Whether anything but tools can see a variable. */
static gboolean is_seen(const struct entity *entity)
{
	return entity->global || entity->uses;
}

static void check_variable(struct comparison *comparison, struct entity *original)
{
	if (comparison->original->specials[original->symbol->section->index] ||
	    !is_seen(original) || original->renewed)
		return;
	if (original->twin)
		compare_variable(comparison, original);
	else
		check_removed(comparison, original);
}

/* What the unit defined and now only refers to: another unit's, which is not this one. */
static void check_moved(struct comparison *comparison, const struct entity *original)
{
	const char *name = original->symbol->name;
	const struct entity *patched = g_hash_table_lookup(comparison->patched->by_name, name);
	g_autofree char *what = NULL;

	if (original->twin || !original->global || original->kind == ENTITY_FOREIGN || !patched ||
	    patched->kind != ENTITY_FOREIGN)
		return;
	what = g_strdup_printf("%s moved to another file", name);
	refuse(comparison, original->symbol, what, "leave it where it is",
	       "the kernel goes on using the one that was here");
}

/*
 * Bytes that have no name, but are more than constants: code outside of functions, writable data,
 * tables that the kernel walks once.  They are compared section by section.
 */
static gboolean is_compared_whole(const struct side *side, const struct section *section)
{
	const struct special *special = side->specials[section->index];

	if (!(section->flags & SHF_ALLOC) || !section->size)
		return FALSE;
	if (special)
		return special->registers;
	return !side->bodies[section->index] && ((section->flags & (SHF_WRITE | SHF_EXECINSTR)) ||
						 !special_is_ordinary(section->name));
}

/* The sections that are compared whole, by name; of several the first that is left is taken. */
static GHashTable *whole_sections(const struct side *side)
{
	GHashTable *sections =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_queue_free);

	for (guint i = 0; i < side->section_count; i++) {
		struct section *section = object_section_at(side->object, i);

		if (!is_compared_whole(side, section))
			continue;
		GQueue *queue = g_hash_table_lookup(sections, section->name);
		if (!queue)
			g_hash_table_insert(sections, section->name, queue = g_queue_new());
		g_queue_push_tail(queue, section);
	}
	return sections;
}

static void refuse_whole(struct comparison *comparison, const struct section *section,
			 const char *difference)
{
	const struct special *special = comparison->patched->specials[section->index];
	gboolean init = section_is_of_init(section);
	gboolean skip = init && comparison->intent && comparison->intent->skip_init;
	g_autofree char *what = g_strdup_printf("section %s changed", section->name);

	if (init)
		refuse_or_skip(comparison, skip, NULL, what, "leave it out with --skip-init",
			       "%s, but it is used only when the object is loaded", difference);
	else if (special)
		refuse(comparison, NULL, what, NULL,
		       "%s, but the kernel reads it only when the object is loaded", difference);
	else
		refuse(comparison, NULL, what, NULL,
		       "%s, and what is in it belongs to no function that could be replaced",
		       difference);
}

static void compare_whole(struct comparison *comparison, const struct section *original,
			  const struct section *patched)
{
	struct range first = range_of_section(comparison->original, original);
	struct range second = range_of_section(comparison->patched, patched);
	struct difference difference;

	if (ranges_equal(&first, &second, &difference))
		return;
	g_autofree char *text = difference_text(&difference, "its content");
	refuse_whole(comparison, patched, text);
}

static void compare_whole_sections(struct comparison *comparison)
{
	g_autoptr(GHashTable) originals = whole_sections(comparison->original);
	const struct side *side = comparison->patched;

	for (guint i = 0; i < side->section_count; i++) {
		struct section *section = object_section_at(side->object, i);
		GQueue *queue = g_hash_table_lookup(originals, section->name);
		struct section *original = queue ? g_queue_pop_head(queue) : NULL;

		if (!is_compared_whole(side, section))
			continue;
		if (original)
			compare_whole(comparison, original, section);
		else
			refuse_whole(comparison, section, "it is new");
	}
}

/* A variable in a section that only a linker script or a walk through it gives a meaning to. */
static void check_new(struct comparison *comparison, const struct entity *patched)
{
	const struct section *section = patched->symbol->section;
	g_autofree char *what = NULL;

	if (patched->twin || comparison->patched->specials[section->index] ||
	    special_is_ordinary(section->name))
		return;
	what = g_strdup_printf("data %s is new in section %s", patched->symbol->name,
			       section->name);
	refuse(comparison, patched->symbol, what, NULL, "section %s is not known to klatch",
	       section->name);
}

static gboolean is_variable(const struct entity *entity)
{
	return entity->kind == ENTITY_DATA && entity->body == entity &&
	       (entity->symbol->section->flags & SHF_ALLOC);
}

void compare_data(struct comparison *comparison)
{
	for (guint i = 0; i < comparison->original->count; i++) {
		struct entity *entity = &comparison->original->entities[i];

		if (is_variable(entity))
			check_variable(comparison, entity);
		check_moved(comparison, entity);
	}
	for (guint i = 0; i < comparison->patched->count; i++)
		if (is_variable(&comparison->patched->entities[i]))
			check_new(comparison, &comparison->patched->entities[i]);
	compare_whole_sections(comparison);
}
