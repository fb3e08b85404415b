/*
 * Joining in the object model: nothing but appending, so the result depends on the order alone.
 */
#include "base/error.h"
#include "link/join.h"

/* Where a section of the object that is joined went. */
struct moved {
	struct section *to;
	guint64 base;
};

struct join {
	struct object *into;
	const struct object *from;
	struct moved *moved; /* by index of the section in `from` */
	struct symbol *
		*symbols;    /* by index of the symbol in `from`: what it is in `into`, or NULL */
	GHashTable *globals; /* name -> struct symbol * of `into` */
};

/* Only bss may lack data; what it is joined with decides. */
static void give_data(struct section *section)
{
	if (section->type != SHT_NOBITS)
		return;
	section->type = SHT_PROGBITS;
	section->data = g_malloc0(section->size);
}

static void append_section(struct join *join, const struct section *from)
{
	struct section *to = object_section(join->into, from->name);
	struct moved *moved = &join->moved[from->index];

	if (!to) {
		to = object_add_section(join->into, from->name, from->type,
					from->flags & ~(guint64)(SHF_GROUP | SHF_LINK_ORDER),
					from->align, NULL, 0);
		to->entsize = from->entsize;
	} else if (from->type != SHT_NOBITS) {
		give_data(to);
	}
	moved->to = to;
	moved->base = section_append(to, from->data, from->size, from->align);
	/* Livepatch relocations stand behind what they apply to, and say where in that. */
	if (from->relocates) {
		to->relocates = join->moved[from->relocates->index].to;
		moved->base = join->moved[from->relocates->index].base;
	}
}

/* A symbol that `from` defines, or one that a relocation there refers to. */
static struct symbol *join_symbol(struct join *join, const struct symbol *from)
{
	const struct moved *moved = from->section ? &join->moved[from->section->index] : NULL;
	struct symbol *symbol = NULL;

	if (from->binding != STB_LOCAL)
		symbol = g_hash_table_lookup(join->globals, from->name);
	if (!symbol) {
		symbol = object_add_symbol(join->into, from->name, NULL, 0, 0, from->type,
					   from->binding);
		symbol->special = from->special;
		symbol->visibility = from->visibility;
		if (from->binding != STB_LOCAL)
			g_hash_table_insert(join->globals, symbol->name, symbol);
	}
	if (moved && !symbol->section) {
		symbol->section = moved->to;
		symbol->value = moved->base + from->value;
		symbol->size = from->size;
		symbol->type = from->type;
		symbol->binding = from->binding;
	}
	return symbol;
}

static gboolean join_symbols(struct join *join, GError **error)
{
	for (guint i = 0; i < join->from->symbols->len; i++) {
		const struct symbol *from = object_symbol_at(join->from, i);

		if (!from->section || !join->moved[from->section->index].to ||
		    from->type == STT_SECTION)
			continue;
		const struct symbol *known = g_hash_table_lookup(join->globals, from->name);
		if (from->binding != STB_LOCAL && known && known->section) {
			klatch_fail(error, KLATCH_REFUSED, "objects can't be joined",
				    join->from->name, NULL, "%s is defined in two of them",
				    from->name);
			return FALSE;
		}
		join->symbols[i] = join_symbol(join, from);
	}
	return TRUE;
}

static gboolean refuse_target(const struct join *join, const struct section *from,
			      const struct section *target, GError **error)
{
	klatch_fail(error, KLATCH_REFUSED, "objects can't be joined", join->from->name, NULL,
		    "%s refers to %s, which a kernel does not load", from->name, target->name);
	return FALSE;
}

/* What a symbol that a relocation refers to is in `into`. */
static struct symbol *target_symbol(struct join *join, const struct symbol *symbol)
{
	if (!join->symbols[symbol->index])
		join->symbols[symbol->index] = join_symbol(join, symbol);
	return join->symbols[symbol->index];
}

static gboolean join_reloc(struct join *join, const struct section *from, const struct reloc *reloc,
			   GError **error)
{
	const struct moved *place = &join->moved[from->index];
	const struct symbol *symbol = reloc->symbol;
	struct symbol *to;
	gint64 addend = reloc->addend;

	if (symbol->section && !join->moved[symbol->section->index].to)
		return refuse_target(join, from, symbol->section, error);
	if (symbol->section && symbol->type == STT_SECTION) {
		const struct moved *target = &join->moved[symbol->section->index];

		to = object_section_symbol(join->into, target->to);
		addend += target->base;
	} else {
		to = target_symbol(join, symbol);
	}
	section_add_reloc(place->to, place->base + reloc->offset, reloc->type, to, addend);
	return TRUE;
}

static gboolean join_relocs(struct join *join, const struct section *from, GError **error)
{
	for (guint i = 0; i < from->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(from, i);

		if (reloc->symbol && !join_reloc(join, from, reloc, error))
			return FALSE;
	}
	return TRUE;
}

static void find_globals(struct join *join)
{
	for (guint i = 0; i < join->into->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(join->into, i);

		if (symbol->binding != STB_LOCAL)
			g_hash_table_insert(join->globals, symbol->name, symbol);
	}
}

gboolean join_object(struct object *into, const struct object *from, GError **error)
{
	g_autofree struct moved *moved = g_new0(struct moved, from->sections->len);
	g_autofree struct symbol **symbols = g_new0(struct symbol *, from->symbols->len);
	g_autoptr(GHashTable) globals = g_hash_table_new(g_str_hash, g_str_equal);
	struct join join = {
		.into = into,
		.from = from,
		.moved = moved,
		.symbols = symbols,
		.globals = globals,
	};

	find_globals(&join);
	for (guint i = 0; i < from->sections->len; i++)
		if (object_section_at(from, i)->flags & SHF_ALLOC)
			append_section(&join, object_section_at(from, i));
	if (!join_symbols(&join, error))
		return FALSE;
	for (guint i = 0; i < from->sections->len; i++)
		if (moved[i].to && !join_relocs(&join, object_section_at(from, i), error))
			return FALSE;
	return TRUE;
}
