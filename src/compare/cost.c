/*
 * Costs: from the roots, which the policy and every livepatch have, to all that they refer to.
 */
#include "compare/cost.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"
#include "compare/source.h"
#include "elf/object.h"
#include "kernel/exports.h"

#define ALL   ((1U << KLATCH_NR_POLICIES) - 1)
#define OF(p) (1U << KLATCH_##p)

/*
 * What of the builder is there for some policies and not for others.  Without a name: the file.
 */
static const struct {
	const char *file;
	const char *name;
	guint policies;
} builder[] = {
	{"src/link/tables.c", "add_site", OF(REBIND) | OF(CLEAR)},
	{"src/link/tables.c", "number_sites", OF(REBIND)},
	{"src/link/tables.c", "tables_number_sites", OF(REBIND)},
	{"src/link/tables.c", "refuse_special", ALL & ~OF(KERNEL)},
	{"src/link/thunk.c", NULL, ALL & ~OF(KERNEL)},
	{"src/fixed/fixed.c", NULL, OF(NO_LATE)},
	{"src/fixed/modpost.c", NULL, OF(NO_LATE)},
	{"src/fixed/same.c", NULL, OF(NO_LATE)},
	{"src/build/pipeline.c", "build_fixed", OF(NO_LATE)},
	{"src/build/pipeline.c", "stage_fixed", OF(NO_LATE)},
	{"src/build/pipeline.c", "link_split", OF(SPLIT)},
	{"src/build/pipeline.c", "split_name", OF(SPLIT)},
	{"src/build/products.c", "products_check_directory", OF(NO_LATE) | OF(SPLIT)},
	{"src/build/products.c", "products_write_directory", OF(NO_LATE) | OF(SPLIT)},
	{"src/build/products.c", "fill", OF(NO_LATE) | OF(SPLIT)},
	{"src/build/glue.c", NULL, OF(SPLIT)},
};

static const char *const policy_rows[KLATCH_NR_POLICIES] = {
	[KLATCH_REBIND] = "[KLATCH_REBIND]", [KLATCH_CLEAR] = "[KLATCH_CLEAR]",
	[KLATCH_PIN] = "[KLATCH_PIN]",	     [KLATCH_NO_LATE] = "[KLATCH_NO_LATE]",
	[KLATCH_SPLIT] = "[KLATCH_SPLIT]",   [KLATCH_KERNEL] = "[KLATCH_KERNEL]",
};

struct counting {
	struct source *source;
	struct object *late; /* late.o */
	struct exports *exports;
	gboolean plain;	     /* the policy has nothing to do with recognising modules */
	GHashTable *counted; /* struct definition -> itself */
	GHashTable *exported, *unexported, *fields, *checks; /* char *, owned */
	struct cost *cost;
};

void cost_free(struct cost *cost)
{
	g_ptr_array_unref(cost->files);
	g_clear_pointer(&cost->exported, g_ptr_array_unref);
	g_clear_pointer(&cost->unexported, g_ptr_array_unref);
	g_clear_pointer(&cost->fields, g_ptr_array_unref);
	g_clear_pointer(&cost->checks, g_ptr_array_unref);
	g_free(cost);
}

static struct cost *cost_new(void)
{
	struct cost *cost = g_new0(struct cost, 1);

	cost->files = g_ptr_array_new_with_free_func(g_free);
	return cost;
}

/* --- the sources that the program carries ---------------------------------------------------- */

static void add_resource(struct source *source, const char *file, guint series)
{
	g_autofree char *path = g_strconcat("/klatch/", file, NULL);
	g_autoptr(GBytes) bytes = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

	g_assert(bytes); /* it is part of the program */
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	source_add(source, file, text, series);
}

static struct source *read_kernel_side(guint series)
{
	struct source *source = source_new();
	g_auto(GStrv) names =
		g_resources_enumerate_children("/klatch/late/", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

	for (char **name = names; *name; name++) {
		g_autofree char *file = g_strconcat("late/", *name, NULL);

		if (g_str_has_suffix(file, ".c") || g_str_has_suffix(file, ".h"))
			add_resource(source, g_intern_string(file), series);
	}
	return source;
}

/* --- counting -------------------------------------------------------------------------------- */

static struct cost_file *file_of(struct cost *cost, const char *name)
{
	struct cost_file *file;

	for (guint i = 0; i < cost->files->len; i++) {
		file = cost->files->pdata[i];
		if (!strcmp(file->name, name))
			return file;
	}
	file = g_new0(struct cost_file, 1);
	file->name = name;
	g_ptr_array_add(cost->files, file);
	return file;
}

/* What depends on the architecture is in files of their own, named by it. */
static gboolean is_architecture(const char *file)
{
	const char *base = strrchr(file, '/');

	return base && g_str_has_prefix(base, "/x86");
}

static void add_lines(struct cost *cost, const struct definition *definition)
{
	file_of(cost, definition->file)->lines += definition->lines;
	if (g_str_has_prefix(definition->file, "late/"))
		cost->kernel_side += definition->lines;
	else
		cost->builder += definition->lines;
	if (is_architecture(definition->file))
		cost->architecture += definition->lines;
}

static gboolean is_own(const struct symbol *symbol)
{
	return symbol->section || symbol->special != SHN_UNDEF ||
	       !strcmp(symbol->name, "klatch_livepatch") || !strcmp(symbol->name, "__this_module");
}

/* What compiled code or data refers to outside of the kernel side. */
static void add_references(struct counting *counting, const struct symbol *symbol)
{
	const struct section *section = symbol->section;

	for (guint i = section_reloc_index(section, symbol->value); i < section->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(section, i);
		const struct symbol *to = reloc->symbol;

		if (reloc->offset >= symbol->value + symbol->size)
			return;
		if (!to || is_own(to))
			continue;
		const struct export *export = exports_find(counting->exports, to->name);
		gboolean promised = export && !strcmp(export->object, "vmlinux");
		g_hash_table_add(promised ? counting->exported : counting->unexported,
				 g_strdup(to->name));
	}
}

/* A definition as compiled, with the parts of it that the compiler moved away ("NAME.cold").  A
 * type, and a function that was inlined, has no symbol. */
static void add_symbols(struct counting *counting, const struct definition *definition)
{
	g_autofree char *part = g_strconcat(definition->name, ".", NULL);

	for (guint i = 0; i < counting->late->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(counting->late, i);

		if (symbol->section && (!strcmp(symbol->name, definition->name) ||
					g_str_has_prefix(symbol->name, part)))
			add_references(counting, symbol);
	}
}

static void count_name(struct counting *counting, const char *name);

/*
 * A statement that asks whether the policy is plain is one of the others, its block too, and leads
 * to nothing for a plain one.  A statement ends where the next begins: at a semicolon or brace.
 */
static GHashTable *words_of(const struct counting *counting, const struct definition *definition)
{
	g_autoptr(GRegex) regex = NULL;
	g_autofree char *text = NULL;
	struct source *statements;
	GHashTable *words;

	if (!counting->plain || strcmp(definition->file, "late/core.c"))
		return g_hash_table_ref(definition->words);
	regex = g_regex_new("[^;{}]*\\bplain\\b[^;{}]*(?:\\{[^{}]*\\})?", 0, 0, NULL);
	text = g_regex_replace_literal(regex, definition->text, -1, 0, "", 0, NULL);
	statements = source_new();
	source_add(statements, definition->file, text, 0);
	words = statements->definitions->len
			? g_hash_table_ref(
				  ((struct definition *)statements->definitions->pdata[0])->words)
			: g_hash_table_new(g_str_hash, g_str_equal);
	source_free(statements);
	return words;
}

static void count_definition(struct counting *counting, struct definition *definition)
{
	g_autoptr(GHashTable) words = NULL;
	g_autoptr(GPtrArray) fields = NULL;
	GHashTableIter iter;
	gpointer word;

	if (!g_hash_table_add(counting->counted, definition))
		return;
	add_lines(counting->cost, definition);
	add_symbols(counting, definition);
	counting->cost->conditions += definition->conditions;
	fields = source_fields(counting->source, definition);
	for (guint i = 0; i < fields->len; i++)
		g_hash_table_add(counting->fields, g_strdup(fields->pdata[i]));

	words = words_of(counting, definition);
	if (g_hash_table_contains(words, "pr_err") || g_hash_table_contains(words, "pr_warn"))
		g_hash_table_add(counting->checks, g_strdup(definition->name));
	g_hash_table_iter_init(&iter, words);
	while (g_hash_table_iter_next(&iter, &word, NULL))
		count_name(counting, word);
}

/* The table of policies is there for all of them: only the policy's own row is followed. */
static void count_name(struct counting *counting, const char *name)
{
	g_autoptr(GPtrArray) found = source_find(counting->source, name);

	for (guint i = 0; strcmp(name, "policies") && i < found->len; i++)
		count_definition(counting, found->pdata[i]);
}

/* The policy's row, "[KLATCH_PIN] = {.pre_patch = pin}". */
static char *policy_row(const struct source *source, enum klatch_policy policy)
{
	g_autoptr(GPtrArray) found = source_find(source, "policies");
	const struct definition *table = found->len ? found->pdata[0] : NULL;
	const char *row = table ? strstr(table->text, policy_rows[policy]) : NULL;

	g_assert(row);
	return g_strndup(row, strcspn(row, "}"));
}

static void count_policy(struct counting *counting, enum klatch_policy policy)
{
	g_autofree char *row = policy_row(counting->source, policy);
	g_auto(GStrv) words = g_strsplit_set(row, " {=,.[]", -1);

	counting->plain = g_strv_contains((const char *const *)words, "plain");
	for (guint i = 0; words[i]; i++)
		count_name(counting, words[i]);
}

/* module_init() and its like begin the life of any livepatch; the parameter in sysfs is about
 * recognising. */
static void count_life(struct counting *counting)
{
	const GPtrArray *definitions = counting->source->definitions;

	for (guint i = 0; i < definitions->len; i++) {
		struct definition *definition = definitions->pdata[i];

		if ((definition->invokes &&
		     !(counting->plain && !strcmp(definition->name, "module_param_cb"))) ||
		    !strcmp(definition->file, "late/module.c"))
			count_definition(counting, definition);
	}
}

/* A file, or the definitions of a name in it. */
static void count_part(struct cost *cost, const char *file, const char *name)
{
	AUTO(source) source = source_new();
	guint found = 0;

	add_resource(source, file, 0);
	for (guint i = 0; i < source->definitions->len; i++) {
		const struct definition *definition = source->definitions->pdata[i];

		if (name && strcmp(name, definition->name))
			continue;
		add_lines(cost, definition);
		found++;
	}
	g_assert(found); /* the table is of this program */
}

static void count_builder(struct cost *cost, enum klatch_policy policy)
{
	for (gsize i = 0; i < G_N_ELEMENTS(builder); i++)
		if (builder[i].policies & (1U << policy))
			count_part(cost, builder[i].file, builder[i].name);
}

static int compare_files(gconstpointer a, gconstpointer b)
{
	const struct cost_file *first = *(const struct cost_file *const *)a;
	const struct cost_file *second = *(const struct cost_file *const *)b;

	return strcmp(first->name, second->name);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GHashTable *names_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* Takes the table. */
static GPtrArray *sorted(GHashTable *names)
{
	GPtrArray *array = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer name;

	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_ptr_array_add(array, g_strdup(name));
	g_ptr_array_sort(array, compare_names);
	g_hash_table_unref(names);
	return array;
}

static struct cost *count(struct counting *counting, enum klatch_policy policy)
{
	struct cost *cost = cost_new();

	counting->cost = cost;
	counting->counted = g_hash_table_new(NULL, NULL);
	counting->exported = names_new();
	counting->unexported = names_new();
	counting->fields = names_new();
	counting->checks = names_new();
	count_policy(counting, policy);
	count_life(counting);
	count_builder(cost, policy);
	g_hash_table_unref(counting->counted);
	g_ptr_array_sort(cost->files, compare_files);
	cost->exported = sorted(counting->exported);
	cost->unexported = sorted(counting->unexported);
	cost->fields = sorted(counting->fields);
	cost->checks = sorted(counting->checks);
	return cost;
}

struct cost *cost_count(enum klatch_policy policy, const struct kernel *kernel, GError **error)
{
	g_autofree char *path = g_build_filename(kernel->late, "late.o", NULL);
	AUTO(object) late = object_read(path, error);
	AUTO(exports) exports = late ? exports_read(kernel->symvers, error) : NULL;
	AUTO(source) source = exports ? read_kernel_side(kernel->series) : NULL;
	struct counting counting = {.source = source, .late = late, .exports = exports};

	return source ? count(&counting, policy) : NULL;
}
