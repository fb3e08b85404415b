/*
 * Reading the tables.  A pointer is a R_X86_64_64 relocation to a place in a section; nothing that
 * a file says is used before it was found to lie inside of a section.
 */
#include "check/tables.h"

#include <string.h>

#include "base/error.h"
#include "elf/seal.h"
#include "sign/sign.h"

struct reader {
	const struct object *livepatch;
	gsize left; /* elements that the tables may still have: each needs a relocation of its own
		     */
	GError **error;
};

static gsize count_relocs(const struct object *object)
{
	gsize count = 0;

	for (guint i = 0; i < object->sections->len; i++)
		count += object_section_at(object, i)->relocs->len;
	return count;
}

G_GNUC_PRINTF(3, 4)
static void damaged(const struct reader *reader, const struct place *at, const char *why, ...)
{
	g_autofree char *where = NULL;
	va_list args;

	va_start(args, why);
	g_autofree char *text = g_strdup_vprintf(why, args);
	va_end(args);
	where = g_strdup_printf("%s: %s+0x%" G_GINT64_MODIFIER "x", reader->livepatch->name,
				at->section->name, at->offset);
	klatch_fail(reader->error, KLATCH_INPUT, "the livepatch can't be read", where,
		    "only livepatches of klatch can be", "%s", text);
}

gboolean reloc_target(const struct reloc *reloc, struct place *target)
{
	const struct symbol *symbol = reloc->symbol;

	if (!symbol || !symbol->section)
		return FALSE;
	target->section = symbol->section;
	target->offset = symbol->value + reloc->addend;
	return target->offset <= target->section->size;
}

static struct place place_at(struct place base, guint64 distance)
{
	return (struct place){base.section, base.offset + distance};
}

/* Whether `count` elements of a size lie in a section's bytes from a place on. */
static gboolean holds(const struct place *place, guint64 count, gsize size)
{
	return place->section->data && place->offset <= place->section->size &&
	       count <= (place->section->size - place->offset) / size;
}

/* type: R_X86_64_64, or R_X86_64_PC32 for one that is relative to itself. */
static gboolean read_reference(const struct reader *reader, struct place from, guint32 type,
			       struct place *to)
{
	const struct reloc *reloc = section_reloc_at(from.section, from.offset);

	if (reloc && reloc->type == type && reloc_target(reloc, to))
		return TRUE;
	damaged(reader, &from, "a pointer leads to no section");
	return FALSE;
}

static gboolean read_pointer(const struct reader *reader, struct place from, struct place *to)
{
	return read_reference(reader, from, R_X86_64_64, to);
}

static const char *read_string(const struct reader *reader, struct place from)
{
	struct place to;

	if (!read_pointer(reader, from, &to))
		return NULL;

	gsize left = to.section->size - to.offset;
	const char *text = to.section->data ? (const char *)to.section->data + to.offset : NULL;
	if (text && memchr(text, 0, left) && *text && g_utf8_validate(text, -1, NULL))
		return text;
	damaged(reader, &to, "there is no name");
	return NULL;
}

static gboolean read_function(struct reader *reader, struct place from, gpointer functions)
{
	struct table_function function = {0};
	struct klatch_func raw;

	memcpy(&raw, from.section->data + from.offset, sizeof(raw));
	function.sympos = raw.sympos;
	function.name =
		read_string(reader, place_at(from, G_STRUCT_OFFSET(struct klatch_func, name)));
	if (!function.name ||
	    !read_pointer(reader, place_at(from, G_STRUCT_OFFSET(struct klatch_func, replacement)),
			  &function.replacement))
		return FALSE;
	g_array_append_val((GArray *)functions, function);
	return TRUE;
}

static gboolean read_site(struct reader *reader, struct place from, gpointer sites)
{
	const GPtrArray *symbols = reader->livepatch->symbols;
	struct table_site site = {0};
	struct klatch_site raw;

	memcpy(&raw, from.section->data + from.offset, sizeof(raw));
	site.type = raw.type;
	site.addend = raw.addend;
	/* The null symbol, which the model does not have, is number 0 in the file. */
	if (raw.symbol && raw.symbol <= symbols->len)
		site.symbol = symbols->pdata[raw.symbol - 1];
	if (!read_reference(reader, place_at(from, G_STRUCT_OFFSET(struct klatch_site, place)),
			    R_X86_64_PC32, &site.place))
		return FALSE;
	g_array_append_val((GArray *)sites, site);
	return TRUE;
}

/* A set of callbacks: of those that are there the ones that the livepatch itself has. */
static gboolean read_callbacks(struct reader *reader, struct place from, gpointer callbacks)
{
	for (gsize at = 0; at < sizeof(struct klatch_callbacks); at += sizeof(void *)) {
		struct place field = place_at(from, at), function;
		const struct reloc *reloc = section_reloc_at(field.section, field.offset);

		if (!reloc || (reloc->symbol && !reloc->symbol->section))
			continue;
		if (!read_pointer(reader, field, &function))
			return FALSE;
		g_array_append_val((GArray *)callbacks, function);
	}
	return TRUE;
}

typedef gboolean read_element(struct reader *reader, struct place from, gpointer into);

/* Reads the array that a pointer leads to; an empty one needs no pointer. */
static gboolean read_array(struct reader *reader, struct place pointer, guint32 count, gsize size,
			   read_element *read, gpointer into)
{
	struct place first;

	if (!count)
		return TRUE;
	if (!read_pointer(reader, pointer, &first))
		return FALSE;
	if (!holds(&first, count, size)) {
		damaged(reader, &first, "%u entries do not fit there", count);
		return FALSE;
	}
	if (count > reader->left) {
		damaged(reader, &first, "its tables overlap");
		return FALSE;
	}
	reader->left -= count;
	for (guint32 i = 0; i < count; i++)
		if (!read(reader, place_at(first, i * size), into))
			return FALSE;
	return TRUE;
}

static void object_table_free(gpointer data)
{
	struct table_object *object = data;

	g_array_unref(object->functions);
	g_array_unref(object->sites);
	g_array_unref(object->callbacks);
	g_free(object);
}

static gboolean read_note(const struct reader *reader, struct place pointer, gsize size,
			  struct table_object *object)
{
	struct place note;

	if (!read_pointer(reader, pointer, &note))
		return FALSE;
	if (!size || !holds(&note, 1, size)) {
		damaged(reader, &note, "there is no build ID");
		return FALSE;
	}
	object->note = note.section->data + note.offset;
	object->note_size = size;
	return TRUE;
}

static gboolean read_object(struct reader *reader, struct place from, gpointer into)
{
	struct table_object *object = g_new0(struct table_object, 1);
	struct klatch_object raw;

	g_ptr_array_add(into, object);
	object->functions = g_array_new(FALSE, FALSE, sizeof(struct table_function));
	object->sites = g_array_new(FALSE, FALSE, sizeof(struct table_site));
	object->callbacks = g_array_new(FALSE, FALSE, sizeof(struct place));
	memcpy(&raw, from.section->data + from.offset, sizeof(raw));
	/* `name` is at the beginning; a NULL one has no relocation. */
	object->name =
		section_reloc_at(from.section, from.offset) ? read_string(reader, from) : "vmlinux";
	return object->name &&
	       (!strcmp(object->name, "vmlinux") ||
		read_note(reader, place_at(from, G_STRUCT_OFFSET(struct klatch_object, note)),
			  raw.note_size, object)) &&
	       read_array(reader, place_at(from, G_STRUCT_OFFSET(struct klatch_object, funcs)),
			  raw.nr_funcs, sizeof(struct klatch_func), read_function,
			  object->functions) &&
	       read_array(reader, place_at(from, G_STRUCT_OFFSET(struct klatch_object, sites)),
			  raw.nr_sites, sizeof(struct klatch_site), read_site, object->sites) &&
	       read_array(reader, place_at(from, G_STRUCT_OFFSET(struct klatch_object, callbacks)),
			  raw.nr_callbacks, sizeof(struct klatch_callbacks), read_callbacks,
			  object->callbacks);
}

/* The object of a probe, which has an entry of its own: callbacks. */
static struct table_object *object_of_probe(const struct reader *reader, struct place from,
					    const GPtrArray *objects)
{
	struct place field = place_at(from, G_STRUCT_OFFSET(struct klatch_probe, object));
	const char *name = "vmlinux";

	if (section_reloc_at(field.section, field.offset))
		name = read_string(reader, field);
	for (guint i = 0; name && i < objects->len; i++) {
		struct table_object *object = g_ptr_array_index(objects, i);

		if (!strcmp(object->name, name))
			return object;
	}
	if (name)
		damaged(reader, &field, "%s has nothing that is replaced", name);
	return NULL;
}

static gboolean read_probe(struct reader *reader, struct place from, gpointer objects)
{
	struct table_object *object = object_of_probe(reader, from, objects);
	GArray *functions = object ? object->functions : NULL;

	if (!functions ||
	    !read_function(reader, place_at(from, G_STRUCT_OFFSET(struct klatch_probe, func)),
			   functions))
		return FALSE;
	g_array_index(functions, struct table_function, functions->len - 1).probed = TRUE;
	return TRUE;
}

/* They lie between two symbols. */
static gboolean read_probes(struct reader *reader, GPtrArray *objects)
{
	const struct symbol *first = object_symbol(reader->livepatch, KLATCH_PROBES);
	const struct symbol *end = object_symbol(reader->livepatch, KLATCH_PROBES_END);
	struct place at;

	if (!first || !first->section)
		return TRUE;
	at = (struct place){first->section, first->value};
	if (!end || end->section != first->section || end->value < first->value ||
	    (end->value - first->value) % sizeof(struct klatch_probe) ||
	    !holds(&at, end->value - first->value, 1)) {
		damaged(reader, &at, "the kprobes have no end");
		return FALSE;
	}
	for (; at.offset < end->value; at.offset += sizeof(struct klatch_probe))
		if (!read_probe(reader, at, objects))
			return FALSE;
	return TRUE;
}

/* All else depends on it. */
static gboolean check_format(const struct reader *reader, const struct place *at)
{
	guint32 format;

	if (!holds(at, 1, sizeof(format))) {
		damaged(reader, at, "klatch_livepatch is cut off");
		return FALSE;
	}
	memcpy(&format, at->section->data + at->offset, sizeof(format));
	if (format >= KLATCH_OLDEST_FORMAT && format <= KLATCH_FORMAT)
		return TRUE;
	klatch_fail(reader->error, KLATCH_INPUT, "the livepatch can't be read",
		    reader->livepatch->name,
		    format < KLATCH_OLDEST_FORMAT ? "build it again with this klatch"
						  : "take the klatch that it was built with",
		    "its tables have format %u, this klatch knows %u", format, KLATCH_FORMAT);
	return FALSE;
}

static gboolean read_livepatch(struct reader *reader, struct tables *tables)
{
	const struct symbol *symbol = object_symbol(reader->livepatch, "klatch_livepatch");
	struct klatch_livepatch raw;
	struct place at;

	if (!symbol || !symbol->section) {
		klatch_fail(reader->error, KLATCH_INPUT, "this is no livepatch",
			    reader->livepatch->name, "only livepatches of klatch can be read",
			    "it has no klatch_livepatch");
		return FALSE;
	}
	at = (struct place){symbol->section, symbol->value};
	if (!check_format(reader, &at))
		return FALSE;
	if (!holds(&at, 1, sizeof(raw))) {
		damaged(reader, &at, "klatch_livepatch is cut off");
		return FALSE;
	}
	memcpy(&raw, at.section->data + at.offset, sizeof(raw));
	if (raw.policy >= KLATCH_NR_POLICIES) {
		damaged(reader, &at, "policy %u is not known", raw.policy);
		return FALSE;
	}
	tables->policy = raw.policy;
	tables->replace = raw.replace;
	tables->stays = raw.stays;
	tables->version = raw.version;
	tables->kernel =
		read_string(reader, place_at(at, G_STRUCT_OFFSET(struct klatch_livepatch, kernel)));
	return tables->kernel &&
	       read_array(reader, place_at(at, G_STRUCT_OFFSET(struct klatch_livepatch, objects)),
			  raw.nr_objects, sizeof(struct klatch_object), read_object,
			  tables->objects) &&
	       read_probes(reader, tables->objects);
}

static const char CHANGED[] = "the livepatch is not as klatch wrote it";

struct object *livepatch_read(GBytes *file, const char *name, struct tables **tables,
			      GError **error)
{
	gsize size;
	const void *data = g_bytes_get_data(file, &size);
	gboolean is_signed;
	enum seal seal = seal_look(data, sign_content_size(data, size, &is_signed));
	AUTO(object) livepatch = NULL;

	if (seal == SEAL_BROKEN)
		klatch_fail(error, KLATCH_INPUT, CHANGED, name, "copy it, or build it, again",
			    "it does not have the sum that it carries");
	else if (is_signed && !sign_is_whole(data, size))
		klatch_fail(error, KLATCH_INPUT, CHANGED, name, "sign it again",
			    "its signature is damaged");
	else
		livepatch = object_read_bytes(file, name, error);
	*tables = livepatch ? tables_read(livepatch, error) : NULL;
	if (!*tables || seal == SEAL_WHOLE)
		return *tables ? g_steal_pointer(&livepatch) : NULL;
	g_clear_pointer(tables, tables_free);
	klatch_fail(error, KLATCH_INPUT, CHANGED, name, "copy it, or build it, again",
		    "it carries no sum");
	return NULL;
}

struct tables *tables_read(const struct object *livepatch, GError **error)
{
	AUTO(tables) tables = g_new0(struct tables, 1);
	struct reader reader = {livepatch, count_relocs(livepatch), error};

	tables->objects = g_ptr_array_new_with_free_func(object_table_free);
	return read_livepatch(&reader, tables) ? g_steal_pointer(&tables) : NULL;
}

void tables_free(struct tables *tables)
{
	g_ptr_array_unref(tables->objects);
	g_free(tables);
}
