/*
 * The kernel's files by its database of commands and its include index.  What is asked of one
 * header is kept: a search through the index costs milliseconds.
 */
#include "release/built.h"

#include "base/error.h"
#include "tree/includes.h"

/* What is known of a file that others include. */
struct reach {
	GHashTable *includers;
	GPtrArray *objects; /* of those units that include it */
	gboolean built;
};

/* A header that more objects see belongs to none of them: it would make one of two modules. */
#define MOST_OBJECTS 1

struct kernel_built {
	struct built built;
	const struct commands *commands;
	struct includes *includes;
	GHashTable *reaches; /* path to struct reach */
};

static void reach_free(struct reach *reach)
{
	g_hash_table_unref(reach->includers);
	g_ptr_array_unref(reach->objects);
	g_free(reach);
}

static void add_object(GPtrArray *objects, const struct unit *unit)
{
	if (unit->object &&
	    !g_ptr_array_find_with_equal_func(objects, unit->object, g_str_equal, NULL))
		g_ptr_array_add(objects, (gpointer)unit->object);
}

static const struct reach *reach_of(struct kernel_built *kernel, const char *path)
{
	struct reach *reach = g_hash_table_lookup(kernel->reaches, path);
	g_autoptr(GPtrArray) files = NULL;
	g_autoptr(GPtrArray) units = NULL;

	if (reach)
		return reach;
	reach = g_new0(struct reach, 1);
	reach->includers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	reach->objects = g_ptr_array_new();
	files = g_ptr_array_new();
	units = includes_units(kernel->includes, kernel->commands, path, files);
	reach->built = units->len > 0;
	/* The first is the file itself. */
	g_free(g_ptr_array_index(files, 0));
	for (guint i = 1; i < files->len; i++)
		g_hash_table_add(reach->includers, g_ptr_array_index(files, i));
	for (guint i = 0; i < units->len; i++) {
		const struct unit *unit = g_ptr_array_index(units, i);

		g_hash_table_add(reach->includers, g_strdup(unit->source));
		if (reach->objects->len <= MOST_OBJECTS)
			add_object(reach->objects, unit);
	}
	if (reach->objects->len > MOST_OBJECTS)
		g_ptr_array_set_size(reach->objects, 0);
	g_hash_table_insert(kernel->reaches, g_strdup(path), reach);
	return reach;
}

static gboolean holds(struct built *built, const char *path)
{
	struct kernel_built *kernel = (struct kernel_built *)built;
	g_autoptr(GPtrArray) units = commands_of_source(kernel->commands, path);

	return units->len > 0 || reach_of(kernel, path)->built;
}

static GHashTable *includers(struct built *built, const char *path)
{
	return reach_of((struct kernel_built *)built, path)->includers;
}

static GPtrArray *objects(struct built *built, const char *path)
{
	struct kernel_built *kernel = (struct kernel_built *)built;
	g_autoptr(GPtrArray) units = commands_of_source(kernel->commands, path);
	GPtrArray *found;

	if (!units->len)
		return g_ptr_array_ref(reach_of(kernel, path)->objects);
	found = g_ptr_array_new();
	for (guint i = 0; i < units->len; i++)
		add_object(found, g_ptr_array_index(units, i));
	return found;
}

static void kernel_built_free(struct built *built)
{
	struct kernel_built *kernel = (struct kernel_built *)built;

	includes_free(kernel->includes);
	g_hash_table_unref(kernel->reaches);
	g_free(kernel);
}

struct built *built_of_kernel(const struct kernel *kernel, const struct commands *commands,
			      GError **error)
{
	struct kernel_built *result;
	struct includes *index = includes_open(kernel, error);

	if (!index)
		return NULL;
	result = g_new0(struct kernel_built, 1);
	result->built = (struct built){holds, includers, objects, kernel_built_free};
	result->commands = commands;
	result->includes = index;
	result->reaches =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)reach_free);
	return &result->built;
}

void built_free(struct built *built)
{
	built->free(built);
}
