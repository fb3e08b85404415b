/*
 * Any object as a module's image, matched with itself, and with itself one bit apart.
 */
#include <string.h>

#include "match/match.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static struct object *object_of(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
	struct object *object = object_read_bytes(bytes, "fuzz", NULL);

	if (object && object->type != ET_REL)
		g_clear_pointer(&object, object_free);
	return object;
}

static void look_up_all(const struct image *image, const struct object *stock,
			const struct match *match)
{
	for (guint i = 0; i < stock->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(stock, i);
		guint64 address;
		guint coming, live;

		if (match && match_address(match, symbol, &address))
			image_sympos(image, symbol->name, address, &coming, &live);
	}
}

static void match_with(const struct image *image, const guint8 *data, gsize size)
{
	g_autoptr(GError) error = NULL;
	AUTO(object) stock = object_of(data, size);

	if (!stock)
		return;
	AUTO(match) match = match_unit(image, stock, &error);
	g_assert_true(!match == (error != NULL));
	look_up_all(image, stock, match);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	struct object *module = object_of(data, size);
	AUTO(image) image = module ? image_of_module(module, "fuzz", 6001, NULL) : NULL;

	if (!image)
		return 0;
	match_with(image, data, size);

	g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
	g_autofree guint8 *changed = g_memdup2(data, size);
	changed[g_bytes_hash(bytes) % size] ^= 1 << size % 8;
	match_with(image, changed, size);
	return 0;
}
