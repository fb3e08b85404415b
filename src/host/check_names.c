/*
 * Names: whether the running kernel has the symbols that the livepatch asks for, whether ftrace can
 * redirect the functions that it replaces, and who else is at them.
 */
#include <string.h>

#include "host/inside.h"
#include "host/lists.h"
#include "host/livepatch.h"

static const char not_found[] = "the livepatch needs what the kernel does not have";
static const char build_it[] = "build it for the kernel that runs";

/* A list of ftrace's or the like; it may be mounted at several places.  NULL if at none.  Caller
 * frees. */
static char *tracing(const struct host *host, const char *name)
{
	char *text = host_text(host->sys, "kernel/tracing", name, NULL);

	return text ? text : host_text(host->sys, "kernel/debug/tracing", name, NULL);
}

/* Whether what is asked of an object can be told now: vmlinux, or a target that is loaded and
 * recognised.  Of what comes later its build ID says that it is as it was when it was proven. */
static gboolean is_present(const struct host_check *check, const char *object)
{
	for (guint i = 0; i < check->tables->objects->len; i++) {
		const struct table_object *target = check->tables->objects->pdata[i];

		if (target->note && !strcmp(target->name, object))
			return host_loaded_build(check->host, target) == BUILD_SAME;
	}
	return !strcmp(object, "vmlinux");
}

/* A table with list_key() as keys, and counts of none as values. */
static GHashTable *new_keys(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

typedef void function_visit(struct host_check *check, const struct table_object *object,
			    const struct table_function *function, GHashTable *keys);

/* Visits the functions that are replaced of all objects that are there. */
static void each_function(struct host_check *check, function_visit *visit, GHashTable *keys)
{
	for (guint i = 0; i < check->tables->objects->len; i++) {
		const struct table_object *object = check->tables->objects->pdata[i];

		for (guint k = 0; is_present(check, object->name) && k < object->functions->len;
		     k++)
			visit(check, object,
			      &g_array_index(object->functions, struct table_function, k), keys);
	}
}

static void add_key(struct host_check *check, const struct table_object *object,
		    const struct table_function *function, GHashTable *keys)
{
	g_hash_table_insert(keys, list_key(object->name, function->name), NULL);
}

static GHashTable *replaced_functions(struct host_check *check)
{
	GHashTable *keys = new_keys();

	each_function(check, add_key, keys);
	return keys;
}

/* --- symbols --------------------------------------------------------------------------------- */

static guint count_of(GHashTable *counts, const char *object, const char *name)
{
	g_autofree char *key = list_key(object, name);

	return GPOINTER_TO_UINT(g_hash_table_lookup(counts, key));
}

/* As kernel/livepatch/core.c finds a symbol by its position among those of its name. */
static void check_symbol(struct host_check *check, GHashTable *counts, const char *object,
			 const char *name, guint64 sympos)
{
	guint count = count_of(counts, object, name);

	if (!count)
		host_find(check, FINDING_REFUSED, not_found, name, build_it,
			  "%s has no symbol of this name", object);
	else if (sympos > count || (!sympos && count > 1))
		host_find(check, FINDING_REFUSED, not_found, name, build_it,
			  "%s has %u symbols of this name, and position %" G_GUINT64_FORMAT
			  " is asked for",
			  object, count, sympos);
}

static void check_function(struct host_check *check, const struct table_object *object,
			   const struct table_function *function, GHashTable *counts)
{
	check_symbol(check, counts, object->name, function->name, function->sympos);
}

/* Of a symbol that the file leaves open: whose it is; false if it names none, or of an object that
 * is not there. */
static gboolean asks_for(const struct host_check *check, const struct symbol *symbol, char **object,
			 char **name, guint64 *sympos)
{
	if (symbol->section || !*symbol->name)
		return FALSE;
	if (symbol->special == SHN_LIVEPATCH)
		return klp_symbol_parse(symbol->name, object, name, sympos) &&
		       is_present(check, *object);
	if (symbol->special != SHN_UNDEF)
		return FALSE;
	/* An export: there is one of that name, whatever other symbols share it. */
	*object = g_strdup("vmlinux");
	*name = g_strdup(symbol->name);
	*sympos = 1;
	return TRUE;
}

typedef void symbol_visit(struct host_check *check, GHashTable *counts, const char *object,
			  const char *name, guint64 sympos);

static void each_symbol(struct host_check *check, symbol_visit *visit, GHashTable *counts)
{
	const GPtrArray *symbols = check->livepatch->symbols;

	for (guint i = 0; i < symbols->len; i++) {
		g_autofree char *object = NULL, *name = NULL;
		guint64 sympos;

		if (asks_for(check, symbols->pdata[i], &object, &name, &sympos))
			visit(check, counts, object, name, sympos);
	}
}

static void want_symbol(struct host_check *check, GHashTable *counts, const char *object,
			const char *name, guint64 sympos)
{
	g_hash_table_insert(counts, list_key(object, name), NULL);
}

void host_check_symbols(struct host_check *check)
{
	g_autofree char *text = host_text(check->host->proc, "kallsyms", NULL);
	g_autoptr(GHashTable) counts = replaced_functions(check);

	if (!text) {
		host_find(check, FINDING_WARNING, "symbols can't be looked up", "/proc/kallsyms",
			  NULL, "the kernel's list of them can't be read");
		return;
	}
	each_symbol(check, want_symbol, counts);
	list_count(text, list_kallsyms, counts);
	each_function(check, check_function, counts);
	each_symbol(check, check_symbol, counts);
}

/* --- ftrace ---------------------------------------------------------------------------------- */

static void check_listed(struct host_check *check, const struct table_object *object,
			 const struct table_function *function, GHashTable *counts)
{
	if (!function->probed && !count_of(counts, object->name, function->name))
		host_find(check, FINDING_REFUSED, "a function can't be replaced", function->name,
			  NULL, "ftrace has no place in it in the running %s", object->name);
}

void host_check_traceable(struct host_check *check)
{
	g_autofree char *text = tracing(check->host, "available_filter_functions");
	g_autoptr(GHashTable) counts = NULL;

	if (!text)
		return;
	counts = replaced_functions(check);
	list_count(text, list_ftrace, counts);
	each_function(check, check_listed, counts);
}

/* Flag 'I': somebody changes where the function goes on; 'D': called directly, as BPF does. */
static void find_tracer(const struct list_entry *entry, void *data)
{
	if (strstr(entry->rest, " I"))
		return; /* other livepatches are found by their own names */
	host_find(data, FINDING_NOTE, "a function is being traced", entry->name, NULL,
		  "who traces it sees its calls also when it is replaced");
}

void host_check_ftrace(struct host_check *check)
{
	g_autofree char *text = tracing(check->host, "enabled_functions");
	g_autoptr(GHashTable) keys = text ? replaced_functions(check) : NULL;

	if (text)
		list_each(text, list_ftrace, keys, find_tracer, check);
}

static void find_kprobe(const struct list_entry *entry, void *data)
{
	gboolean is_inside = !g_str_has_prefix(entry->rest, "0x0");

	host_find(data, is_inside ? FINDING_WARNING : FINDING_NOTE,
		  is_inside ? "a kprobe would not be hit any more" : "a function has a kprobe",
		  entry->name, is_inside ? "place it in the replacement instead" : NULL,
		  is_inside ? "it is inside of a function that is replaced"
			    : "it is hit also when the function is replaced");
}

void host_check_kprobes(struct host_check *check)
{
	g_autofree char *text = host_text(check->host->sys, "kernel/debug/kprobes/list", NULL);
	g_autoptr(GHashTable) keys = text ? replaced_functions(check) : NULL;

	if (text)
		list_each(text, list_kprobes, keys, find_kprobe, check);
}

/* --- other livepatches ----------------------------------------------------------------------- */

static void compare_with(struct host_check *check, const struct host_livepatch *other,
			 GHashTable *keys)
{
	for (guint i = 0; i < other->targets->len; i++) {
		const struct host_target *target = other->targets->pdata[i];

		for (guint k = 0; k < target->functions->len; k++) {
			const char *function = target->functions->pdata[k];
			g_autofree char *key = list_key(target->name, function);

			if (g_hash_table_contains(keys, key))
				host_find(
					check, FINDING_WARNING,
					"a function is replaced by another livepatch already",
					function,
					"build one livepatch of all patches, without --no-replace",
					"that of %s has no effect from then on", other->name);
		}
	}
}

/* The kernel's own rule is that of klp_is_patch_compatible(). */
static void take_place_of(struct host_check *check, const struct host_livepatch *other)
{
	g_autofree char *text = host_text(check->host->sys, "module", other->name, "version", NULL);
	gint64 version = host_number(text, 0);

	if (version > check->tables->version)
		host_find(check, FINDING_REFUSED, "a livepatch can't be replaced", other->name,
			  "build with --version, or unload that one first",
			  "it has version %" G_GINT64_FORMAT ", which is later than %u", version,
			  check->tables->version);
	else
		host_find(check, FINDING_NOTE, "a livepatch is replaced", other->name, NULL,
			  "it ends when this one is enabled");
}

void host_check_livepatches(struct host_check *check)
{
	g_autoptr(GPtrArray) livepatches = host_livepatches(check->host, NULL);
	g_autoptr(GHashTable) keys = new_keys();

	/* Also of targets that are not there yet: both would patch them when they come. */
	for (guint i = 0; i < check->tables->objects->len; i++) {
		const struct table_object *object = check->tables->objects->pdata[i];

		for (guint k = 0; k < object->functions->len; k++)
			add_key(check, object,
				&g_array_index(object->functions, struct table_function, k), keys);
	}
	for (guint i = 0; livepatches && i < livepatches->len; i++) {
		const struct host_livepatch *other = livepatches->pdata[i];

		if (other->state == LIVEPATCH_DISABLED)
			continue;
		if (check->tables->replace)
			take_place_of(check, other);
		else
			compare_with(check, other, keys);
	}
}
