/*
 * From names to addresses, by the match of the unit's stock object; and from addresses back to
 * names and positions, by the image.
 */
#include <string.h>

#include "base/error.h"
#include "link/resolve.h"

struct resolver {
	const struct link_unit *unit;
	enum klatch_policy policy;
	GHashTable *by_name; /* name -> GPtrArray of struct symbol * of the stock object */
};

struct resolver *resolver_new(const struct link_unit *unit, enum klatch_policy policy)
{
	struct resolver *resolver = g_new0(struct resolver, 1);
	GHashTable *by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
						    (GDestroyNotify)g_ptr_array_unref);

	for (guint i = 0; i < unit->stock->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(unit->stock, i);
		GPtrArray *same = g_hash_table_lookup(by_name, symbol->name);

		if (!symbol->section || !*symbol->name)
			continue;
		if (!same) {
			same = g_ptr_array_new();
			g_hash_table_insert(by_name, symbol->name, same);
		}
		g_ptr_array_add(same, symbol);
	}
	resolver->unit = unit;
	resolver->policy = policy;
	resolver->by_name = by_name;
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	g_hash_table_unref(resolver->by_name);
	g_free(resolver);
}

/* The stock object's symbol that is the original's: two of one name must differ in size. */
static const struct symbol *find_stock(const struct resolver *resolver,
				       const struct symbol *original)
{
	const GPtrArray *same = g_hash_table_lookup(resolver->by_name, original->name);
	const struct symbol *found = NULL;

	for (guint i = 0; same && i < same->len; i++) {
		const struct symbol *symbol = g_ptr_array_index(same, i);

		if (symbol->type != original->type || symbol->size != original->size)
			continue;
		if (found)
			return NULL;
		found = symbol;
	}
	/* Flags that differ (function sections) may change a size, not who has the name. */
	if (!found && same && same->len == 1)
		found = g_ptr_array_index(same, 0);
	return found;
}

gboolean refuse_binding(const char *name, const char *where, const char *hint, GError **error,
			const char *why, ...)
{
	g_autofree char *what = g_strdup_printf("%s can't be bound", name);
	va_list args;

	va_start(args, why);
	g_autofree char *text = g_strdup_vprintf(why, args);
	va_end(args);
	klatch_fail(error, KLATCH_REFUSED, what, where, hint, "%s", text);
	return FALSE;
}

/* Whether the kernel finds a name at an address; an error if that depends on the view it has, and
 * the policy minds. */
static gboolean find_position(const struct image *image, const char *name, guint64 address,
			      enum klatch_policy policy, const char *where,
			      struct location *location, GError **error)
{
	guint coming, live;

	if (!image_sympos(image, name, address, &coming, &live))
		return FALSE;
	/* A name that is unique is at position 1 as well. */
	if (MAX(coming, 1) != MAX(live, 1) && policy != KLATCH_KERNEL)
		return refuse_binding(
			name, where, NULL, error,
			"%s has several symbols of that name, and the kernel counts them "
			"differently while the module is coming and when it is live",
			image_name(image));
	*location = (struct location){
		.object = image_name(image),
		.name = name,
		.position = coming,
		.image = image,
		.address = address,
	};
	return TRUE;
}

/* Whether a symbol can better stand for a place than another: the nearest before it, or if there is
 * none the nearest behind it. */
static gboolean is_nearer(const struct symbol *symbol, const struct symbol *target,
			  const struct symbol *best)
{
	if (symbol->section != target->section || !*symbol->name || symbol->type == STT_SECTION)
		return FALSE;
	if (!best)
		return TRUE;

	gboolean before = symbol->value <= target->value;
	if (before != (best->value <= target->value))
		return before;
	return before ? symbol->value > best->value : symbol->value < best->value;
}

/*
 * Another symbol of the same section that the kernel knows: the section went into the image in one
 * piece, so the distance is the same there.
 */
static gboolean find_neighbour(const struct resolver *resolver, const struct symbol *stock,
			       struct location *location)
{
	const struct link_unit *unit = resolver->unit;
	const struct symbol *best = NULL;

	for (guint i = 0; i < unit->stock->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(unit->stock, i);
		struct location found;
		guint64 address;

		if (!is_nearer(symbol, stock, best) ||
		    !match_address(unit->match, symbol, &address) ||
		    !find_position(unit->image, symbol->name, address, resolver->policy, NULL,
				   &found, NULL))
			continue;
		best = symbol;
		*location = found;
		location->shift = (gint64)(stock->value - symbol->value);
	}
	return best != NULL;
}

/*
 * neighbours: a place behind another symbol will do.  Of functions only for those whose position is
 * not the same in both views: each function that is in use has a name, so one without it is not
 * what calls of that name lead to.
 */
static gboolean locate(const struct resolver *resolver, const struct symbol *original,
		       gboolean neighbours, const char *where, struct location *location,
		       GError **error)
{
	const struct link_unit *unit = resolver->unit;
	const struct symbol *stock = find_stock(resolver, original);
	g_autoptr(GError) two_views = NULL;
	guint64 address;

	if (!stock || !match_address(unit->match, stock, &address))
		return refuse_binding(original->name, where, NULL, error,
				      "its place in %s is not known", image_name(unit->image));
	/* The kernel forgets such symbols of a module, but keeps vmlinux's, which __ref code names.
	 */
	if (g_str_has_prefix(stock->section->name, ".init.") &&
	    strcmp(image_name(unit->image), "vmlinux") != 0)
		return refuse_binding(stock->name, where, NULL, error,
				      "it is in %s, which is gone once %s is initialised",
				      stock->section->name, image_name(unit->image));
	if (find_position(unit->image, stock->name, address, resolver->policy, where, location,
			  &two_views) ||
	    (neighbours && (two_views || stock->type != STT_FUNC) &&
	     find_neighbour(resolver, stock, location)))
		return TRUE;
	if (!two_views)
		return refuse_binding(stock->name, where, NULL, error,
				      "it is not in the symbol table of %s",
				      image_name(unit->image));
	g_propagate_error(error, g_steal_pointer(&two_views));
	return FALSE;
}

gboolean resolve_original(const struct resolver *resolver, const struct symbol *original,
			  const char *where, struct location *location, GError **error)
{
	return locate(resolver, original, TRUE, where, location, error);
}

gboolean resolve_replaced(const struct resolver *resolver, const struct symbol *original,
			  const char *where, struct location *location, GError **error)
{
	return locate(resolver, original, FALSE, where, location, error);
}

gboolean resolve_undefined(const struct image *image, const char *name, const char *where,
			   struct location *location, GError **error)
{
	gsize count, found = 0;
	const guint64 *addresses = image_addresses(image, name, &count);

	*location = (struct location){0};
	for (gsize i = 0; i < count; i++) {
		g_autoptr(GError) two_views = NULL;
		struct location at;

		if (!image_resolves(image, name, addresses[i]))
			continue;
		if (find_position(image, name, addresses[i], KLATCH_REBIND, where, &at,
				  &two_views)) {
			*location = at;
			found++;
		} else if (two_views) {
			g_propagate_error(error, g_steal_pointer(&two_views));
			return FALSE;
		}
	}
	if (found > 1)
		return refuse_binding(name, where, NULL, error,
				      "%s has %zu symbols of that name, none global",
				      image_name(image), found);
	return TRUE;
}
