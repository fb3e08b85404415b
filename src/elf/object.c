/*
 * The object model itself: made, searched, changed.  read.c and write.c are its two ends.
 *
 * Misuse (removing a section that is still referred to, data for a section that has none) is a bug
 * of the caller, not an error of the input: it stops the program.
 */
#include <string.h>

#include "elf/object.h"

static void section_free(gpointer at)
{
	struct section *section = at;

	g_free(section->name);
	g_free(section->data);
	g_array_unref(section->relocs);
	g_free(section);
}

static void symbol_free(gpointer at)
{
	struct symbol *symbol = at;

	g_free(symbol->name);
	g_free(symbol);
}

struct object *object_new(const char *name)
{
	struct object *object = g_new0(struct object, 1);

	object->name = g_strdup(name);
	object->type = ET_REL;
	object->sections = g_ptr_array_new_with_free_func(section_free);
	object->symbols = g_ptr_array_new_with_free_func(symbol_free);
	return object;
}

void object_free(struct object *object)
{
	if (!object)
		return;
	g_ptr_array_unref(object->sections);
	g_ptr_array_unref(object->symbols);
	g_free(object->name);
	g_free(object);
}

gboolean object_has_symbols(const struct object *object, const char *prefix)
{
	for (guint i = 0; i < object->symbols->len; i++)
		if (g_str_has_prefix(object_symbol_at(object, i)->name, prefix))
			return TRUE;
	return FALSE;
}

struct section *object_section(const struct object *object, const char *name)
{
	for (guint i = 0; i < object->sections->len; i++) {
		struct section *section = object_section_at(object, i);

		if (!strcmp(section->name, name))
			return section;
	}
	return NULL;
}

struct symbol *object_symbol(const struct object *object, const char *name)
{
	for (guint i = 0; i < object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);

		if (!strcmp(symbol->name, name))
			return symbol;
	}
	return NULL;
}

/* Whether a section has bytes of its own in the model. */
static gboolean section_has_data(const struct section *section)
{
	return section->type != SHT_NOBITS && !section_is_livepatch_rela(section);
}

struct section *object_add_section(struct object *object, const char *name, guint32 type,
				   guint64 flags, guint64 align, const void *data, gsize size)
{
	struct section *section = g_new0(struct section, 1);

	section->name = g_strdup(name);
	section->type = type;
	section->flags = flags;
	section->align = align;
	section->relocs = g_array_new(FALSE, FALSE, sizeof(struct reloc));
	section->index = object->sections->len;
	g_ptr_array_add(object->sections, section);
	section_append(section, data, size, 1);
	return section;
}

struct symbol *object_add_symbol(struct object *object, const char *name, struct section *section,
				 guint64 value, guint64 size, guint8 type, guint8 binding)
{
	struct symbol *symbol = g_new0(struct symbol, 1);

	symbol->name = g_strdup(name);
	symbol->section = section;
	symbol->value = value;
	symbol->size = size;
	symbol->type = type;
	symbol->binding = binding;
	symbol->index = object->symbols->len;
	g_ptr_array_add(object->symbols, symbol);
	if (type == STT_SECTION && section && !section->symbol)
		section->symbol = symbol;
	return symbol;
}

struct symbol *object_add_undefined(struct object *object, const char *name)
{
	for (guint i = 0; i < object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);

		if (symbol->binding != STB_LOCAL && !strcmp(symbol->name, name))
			return symbol;
	}
	return object_add_symbol(object, name, NULL, 0, 0, STT_NOTYPE, STB_GLOBAL);
}

struct symbol *object_section_symbol(struct object *object, struct section *section)
{
	if (section->symbol)
		return section->symbol;
	return object_add_symbol(object, "", section, 0, 0, STT_SECTION, STB_LOCAL);
}

guint64 section_append(struct section *section, const void *data, gsize size, guint64 align)
{
	gsize offset = align > 1 ? (section->size + align - 1) / align * align : section->size;

	if (section_has_data(section) && offset + size > 0) {
		section->data = g_realloc(section->data, offset + size);
		memset(section->data + section->size, 0, offset - section->size);
		if (data && size)
			memcpy(section->data + offset, data, size);
		else
			memset(section->data + offset, 0, size);
	} else if (data && size) {
		g_error("section %s takes no data", section->name);
	}
	section->size = offset + size;
	section->align = MAX(section->align, align);
	return offset;
}

guint section_reloc_index(const struct section *section, guint64 offset)
{
	guint low = 0, high = section->relocs->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (section_reloc(section, middle)->offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct reloc *section_reloc_at(const struct section *section, guint64 offset)
{
	guint index = section_reloc_index(section, offset);

	if (index == section->relocs->len || section_reloc(section, index)->offset != offset)
		return NULL;
	return section_reloc(section, index);
}

void section_add_reloc(struct section *section, guint64 offset, guint32 type, struct symbol *symbol,
		       gint64 addend)
{
	struct reloc reloc = {
		.offset = offset,
		.type = type,
		.symbol = symbol,
		.addend = addend,
	};

	g_array_insert_val(section->relocs, section_reloc_index(section, offset + 1), reloc);
}
