/*
 * A sorted array, searched by halves.
 */
#include "elf/functions.h"

#include <string.h>

static gint by_place(gconstpointer a, gconstpointer b)
{
	const struct function *left = a, *right = b;

	if (left->section != right->section)
		return left->section->index < right->section->index ? -1 : 1;
	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	return strcmp(left->name, right->name);
}

/* Aliases: only the first of a place stays. */
static void drop_aliases(GArray *functions)
{
	guint kept = 0;

	for (guint i = 0; i < functions->len; i++) {
		const struct function *at = &g_array_index(functions, struct function, i);
		const struct function *last =
			kept ? &g_array_index(functions, struct function, kept - 1) : NULL;

		if (!last || last->section != at->section || last->start != at->start)
			g_array_index(functions, struct function, kept++) = *at;
	}
	g_array_set_size(functions, kept);
}

GArray *functions_of(const struct object *object)
{
	GArray *functions = g_array_new(FALSE, FALSE, sizeof(struct function));

	for (guint i = 0; i < object->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(object, i);
		const struct function function = {symbol->section, symbol->value,
						  symbol->value + symbol->size, symbol->name};

		if (symbol->type == STT_FUNC && symbol->section && symbol->size)
			g_array_append_val(functions, function);
	}
	g_array_sort(functions, by_place);
	drop_aliases(functions);
	return functions;
}

const struct function *functions_at(const GArray *functions, const struct section *section,
				    guint64 offset)
{
	guint low = 0, high = functions->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;
		const struct function *at = &g_array_index(functions, struct function, middle);

		if (at->section->index < section->index ||
		    (at->section == section && at->start <= offset))
			low = middle + 1;
		else
			high = middle;
	}
	const struct function *found =
		low ? &g_array_index(functions, struct function, low - 1) : NULL;
	return found && found->section == section && offset < found->end ? found : NULL;
}
