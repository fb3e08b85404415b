/*
 * The differ, on units that gcc compiles as it compiles a kernel's.
 *
 * A case is a directory in tests/cases/diff: original.c, patched.c, `flags` for the compiler if it
 * needs some (with -g the types are compared too), `skip` with lines "init", "unattended",
 * "builtin", "probes" or names of data if something is to be skipped or done, and `expected`, which
 *says line by line
 *
 *	changed NAME: WHY	what is replaced; the text from the colon on may be left out, and
 *	new NAME: WHY		needs to be no more than the beginning of what is said
 *	refused WHAT: WHY
 *	skipped WHAT: WHY
 *	note TEXT
 *	unchanged		nothing of this
 *	includes SECTION	that it comes along, or one of that name and a number
 *	excludes SECTION	that no such section does
 *	origin NEW OLD		that a symbol of the patched object is that one of the original
 *	copied NAME		that a changed function has no fentry site and a copy comes along
 *	probed NAME		that it has none and a kprobe is to take it over
 *
 * Every function, refusal and note must be expected; the others need not be.  With a file `spread`,
 * of names of functions of other units, the comparison is told of these.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "diff/diff.h"
#include "help.h"
#include "kernel/special.h"

#define CASES  "tests/cases/diff"
#define SERIES 6001

struct compared {
	struct object *original, *patched;
	struct diff *diff;
};

static char *compile_case(const char *directory, const char *cases, const char *name)
{
	g_autofree char *source = g_strdup_printf("%s/%s.c", cases, name);
	g_autofree char *object = g_strdup_printf("%s/%s.o", directory, name);
	g_autofree char *prefix = g_strdup_printf("-fmacro-prefix-map=%s=unit.c", source);
	g_autofree char *flags_path = path_in(cases, "flags");
	gboolean flagged = g_file_test(flags_path, G_FILE_TEST_EXISTS);
	g_autofree char *flags =
		g_strconcat(flagged ? "@" : "-D", flagged ? flags_path : "PLAIN", NULL);

	g_free(output_of(directory, "gcc", "-c", source, "-o", object, "-std=gnu11", "-O2",
			 "-ffunction-sections", "-fdata-sections", "-fno-pic", "-mcmodel=kernel",
			 "-mno-red-zone", "-fcf-protection=none", "-pg", "-mfentry",
			 "-mrecord-mcount", "-fno-jump-tables", "-fno-common",
			 "-fno-asynchronous-unwind-tables", "-fno-stack-protector",
			 "-fno-strict-aliasing", "-Wno-attributes", prefix, flags, NULL));
	return g_steal_pointer(&object);
}

static struct object *object_of_case(const char *directory, const char *cases, const char *name)
{
	g_autofree char *path = compile_case(directory, cases, name);
	g_autoptr(GError) error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	return object;
}

static void add_reasons(GPtrArray *lines, const char *verdict, const GPtrArray *errors)
{
	for (guint i = 0; i < errors->len; i++) {
		const struct klatch_reason *reason =
			klatch_error_reason(g_ptr_array_index(errors, i));

		g_ptr_array_add(lines,
				g_strdup_printf("%s %s: %s", verdict, reason->what, reason->why));
	}
}

static void add_lines(GPtrArray *lines, const struct diff *diff)
{
	for (guint i = 0; i < diff->functions->len; i++) {
		const struct diff_function *function = g_ptr_array_index(diff->functions, i);

		g_ptr_array_add(lines,
				g_strdup_printf("%s %s: %s",
						function->change == DIFF_NEW ? "new" : "changed",
						function->patched->name, function->why));
	}
	add_reasons(lines, "refused", diff->refusals);
	add_reasons(lines, "skipped", diff->skipped);
	for (guint i = 0; i < diff->notes->len; i++)
		g_ptr_array_add(lines, g_strdup_printf("note %s", (char *)diff->notes->pdata[i]));
}

static char *joined(const GPtrArray *lines)
{
	g_autoptr(GString) text = g_string_new("");

	for (guint i = 0; i < lines->len; i++)
		g_string_append_printf(text, "\n  %s", (char *)g_ptr_array_index(lines, i));
	return g_strdup(text->str);
}

/* Takes the line that an expectation is the beginning of; a name must match as a whole. */
static gboolean take_line(GPtrArray *lines, const char *expected)
{
	gsize length = strlen(expected);

	for (guint i = 0; i < lines->len; i++) {
		const char *line = g_ptr_array_index(lines, i);

		if (strncmp(line, expected, length))
			continue;
		if (!strchr(expected, ':') && line[length] && !strchr(" :;,", line[length]))
			continue;
		g_ptr_array_remove_index(lines, i);
		return TRUE;
	}
	return FALSE;
}

static gboolean comes_along(const struct diff *diff, const char *name)
{
	gsize length = strlen(name);
	GHashTableIter iter;
	gpointer section;

	g_hash_table_iter_init(&iter, diff->sections);
	while (g_hash_table_iter_next(&iter, &section, NULL)) {
		const char *found = ((struct section *)section)->name;

		if (!strncmp(found, name, length) && (!found[length] || found[length] == '.'))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_origin(const struct compared *compared, const char *names)
{
	g_auto(GStrv) pair = g_strsplit(names, " ", 2);
	const struct symbol *patched = object_symbol(compared->patched, pair[0]);
	const struct symbol *original = object_symbol(compared->original, pair[1]);

	return patched && original &&
	       g_hash_table_lookup(compared->diff->origins, patched) == original;
}

static gboolean is_copied(const struct diff *diff, const char *name)
{
	for (guint i = 0; i < diff->copied->len; i++) {
		const struct diff_copy *copy = g_ptr_array_index(diff->copied, i);

		if (!strcmp(copy->original->name, name))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_probed(const struct diff *diff, const char *name)
{
	for (guint i = 0; i < diff->functions->len; i++) {
		const struct diff_function *function = g_ptr_array_index(diff->functions, i);

		if (!strcmp(function->patched->name, name))
			return function->probed;
	}
	return FALSE;
}

static gboolean holds(const struct compared *compared, GPtrArray *lines, const char *expected)
{
	if (g_str_has_prefix(expected, "includes "))
		return comes_along(compared->diff, expected + strlen("includes "));
	if (g_str_has_prefix(expected, "excludes "))
		return !comes_along(compared->diff, expected + strlen("excludes "));
	if (g_str_has_prefix(expected, "origin "))
		return is_origin(compared, expected + strlen("origin "));
	if (g_str_has_prefix(expected, "copied "))
		return is_copied(compared->diff, expected + strlen("copied "));
	if (g_str_has_prefix(expected, "probed "))
		return is_probed(compared->diff, expected + strlen("probed "));
	if (!strcmp(expected, "unchanged"))
		return diff_is_empty(compared->diff);
	return take_line(lines, expected);
}

static void check_expectations(const struct compared *compared, const char *cases)
{
	g_autofree char *path = path_in(cases, "expected");
	g_autofree char *text = files_read_text(path, NULL);
	g_auto(GStrv) expected = g_strsplit(text, "\n", -1);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	add_lines(lines, compared->diff);
	g_autofree char *all = joined(lines);
	for (guint i = 0; expected[i]; i++)
		if (*expected[i] && !holds(compared, lines, expected[i]))
			fail_msg("expected: %s\nbut this was said:%s", expected[i], all);
	if (lines->len)
		fail_msg("this was not expected: %s\nthis was said:%s", (char *)lines->pdata[0],
			 all);
}

/* What a section that comes along refers to must come along, have an origin or be elsewhere. */
static void check_bound(const struct diff *diff, const struct section *section)
{
	for (guint i = 0; i < section->relocs->len; i++) {
		const struct symbol *symbol = section_reloc(section, i)->symbol;
		const struct special *special =
			symbol->section ? special_find(symbol->section->name, SERIES) : NULL;

		if (!symbol->section || g_hash_table_contains(diff->sections, symbol->section) ||
		    g_hash_table_contains(diff->origins, symbol) ||
		    (special && special->policy == SPECIAL_CODE))
			continue;
		fail_msg("%s refers to %s in %s, which has no origin", section->name, symbol->name,
			 symbol->section->name);
	}
}

static void check_all_bound(const struct diff *diff)
{
	GHashTableIter iter;
	gpointer section;

	g_hash_table_iter_init(&iter, diff->sections);
	while (!diff->refusals->len && g_hash_table_iter_next(&iter, &section, NULL))
		check_bound(diff, section);
}

/* What the author of a case wants skipped, a line each.  Caller frees. */
static char **skips_of_case(const char *cases)
{
	g_autofree char *path = path_in(cases, "skip");
	g_autofree char *text = files_read_text(path, NULL);

	return g_strsplit(g_strchomp(text ? text : (text = g_strdup(""))), "\n", -1);
}

/* Functions of other units; NULL if the case has none.  Caller unrefs. */
static GHashTable *spread_of_case(const char *cases)
{
	g_autofree char *path = path_in(cases, "spread");
	g_autofree char *text = files_read_text(path, NULL);
	g_auto(GStrv) names = text ? g_strsplit(text, "\n", -1) : NULL;
	GHashTable *spread = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; names && names[i]; i++)
		g_hash_table_add(spread, g_strdup(names[i]));
	if (!text)
		g_clear_pointer(&spread, g_hash_table_unref);
	return spread;
}

static void run_case(void **state)
{
	const char *cases = *state;
	g_auto(GStrv) skips = skips_of_case(cases);
	GHashTable *spread = spread_of_case(cases);
	const struct diff_intent intent = {
		.spread = spread,
		.skip_init = g_strv_contains((const char *const *)skips, "init"),
		.skip_data = (const char *const *)skips,
		.unattended = g_strv_contains((const char *const *)skips, "unattended"),
		.probes = g_strv_contains((const char *const *)skips, "probes"),
		.builtin = g_strv_contains((const char *const *)skips, "builtin"),
	};
	g_autofree char *directory = files_temporary_directory(NULL);
	g_autoptr(GError) error = NULL;
	AUTO(object) original = object_of_case(directory, cases, "original");
	AUTO(object) patched = object_of_case(directory, cases, "patched");
	gboolean types = object_section(patched, ".debug_info") != NULL;
	AUTO(diff) diff = diff_objects(original, patched, SERIES, types, &intent, &error);
	struct compared compared = {original, patched, diff};

	assert_no_error(error);
	check_expectations(&compared, cases);
	check_all_bound(diff);
	g_clear_pointer(&spread, g_hash_table_unref);
	files_remove_tree(directory, NULL);
}

static void a_section_of_another_series_is_an_error(void **state)
{
	const char *directory = *state;
	g_autofree char *path =
		compile(directory, "unit.c",
			"int f(void) { asm(\".pushsection __bug_table, \\\"aw\\\"\\n"
			".zero 12\\n.popsection\"); return 1; }",
			NULL);
	AUTO(object) original = object_read(path, NULL);
	AUTO(object) patched = object_read(path, NULL);
	GError *error = NULL;

	assert_null(diff_objects(original, patched, 7003, FALSE, NULL, &error));
	assert_error(&error, KLATCH_INPUT, "__bug_table is not made of entries of 16 bytes");
}

static void types_need_debug_information(void **state)
{
	const char *directory = *state;
	g_autofree char *path = compile(directory, "unit.c", "int f(void) { return 1; }", NULL);
	AUTO(object) original = object_read(path, NULL);
	AUTO(object) patched = object_read(path, NULL);
	GError *error = NULL;

	assert_null(diff_objects(original, patched, SERIES, TRUE, NULL, &error));
	assert_error(&error, KLATCH_INPUT, "debug information");
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The directories of the cases, absolute, sorted. */
static GPtrArray *find_cases(void)
{
	GPtrArray *cases = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *here = g_get_current_dir();
	g_autoptr(GDir) directory = g_dir_open(CASES, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory))) {
		g_autofree char *path = g_build_filename(here, CASES, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			g_ptr_array_add(cases, g_steal_pointer(&path));
	}
	g_ptr_array_sort(cases, compare_paths);
	return cases;
}

int main(void)
{
	g_autoptr(GPtrArray) cases = find_cases();
	g_autoptr(GArray) tests = g_array_new(FALSE, FALSE, sizeof(struct CMUnitTest));
	const struct CMUnitTest others[] = {
		cmocka_unit_test_setup_teardown(a_section_of_another_series_is_an_error,
						make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(types_need_debug_information, make_directory,
						remove_directory),
	};

	if (!cases->len) {
		print_error("no case in " CASES " below the current directory\n");
		return 1;
	}
	g_array_append_vals(tests, others, G_N_ELEMENTS(others));
	for (guint i = 0; i < cases->len; i++) {
		char *path = g_ptr_array_index(cases, i);
		struct CMUnitTest test = {
			.name = strrchr(path, '/') + 1,
			.test_func = run_case,
			.initial_state = path,
		};

		g_array_append_val(tests, test);
	}
	return _cmocka_run_group_tests("diff", (const struct CMUnitTest *)tests->data, tests->len,
				       NULL, NULL);
}
