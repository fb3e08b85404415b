/*
 * The gate at scale: compiles units of a prepared kernel with their stock commands and matches each
 * against what was shipped.  Speaks TAP.  What is compiled already is not compiled again.
 *
 *	gate RELEASE DIRECTORY COUNT		so many units, spread over the kernel
 *	gate RELEASE DIRECTORY UNIT...		these, as "kernel/fork.o" or "fs/ext4/in*"
 *	gate RELEASE DIRECTORY --changed UNIT FROM TO FUNCTION
 *						one with a part of its source changed: it must be
 *						refused, and that function named
 *	gate RELEASE DIRECTORY --module NAME...	modules whole, as klatch build --late=no-late makes
 *						them, but without a patch: equal to the shipped ones
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "fixed/fixed.h"
#include "link/runtime.h"
#include "match/match.h"
#include "tree/commands.h"

struct gate {
	struct kernel *kernel;
	const char *directory;
	struct image *image; /* of the object that the last unit was of */
	guint units, functions, data, bad;
};

/* Only what is linked whole: of an archive the link takes what it needs. */
static gboolean is_matched(const struct unit *unit)
{
	return unit->object && !unit->assembly && !g_str_has_prefix(unit->output, "lib/") &&
	       !strstr(unit->output, "/lib/");
}

static GPtrArray *spread(const GPtrArray *all, guint count)
{
	g_autoptr(GPtrArray) fit = g_ptr_array_new();
	GPtrArray *chosen = g_ptr_array_new();

	for (guint i = 0; i < all->len; i++)
		if (is_matched(g_ptr_array_index(all, i)))
			g_ptr_array_add(fit, g_ptr_array_index(all, i));
	for (guint i = 0; i < MIN(count, fit->len); i++)
		g_ptr_array_add(chosen, g_ptr_array_index(fit, (guint64)i * fit->len / count));
	return chosen;
}

static GPtrArray *named(const GPtrArray *all, char **patterns)
{
	GPtrArray *chosen = g_ptr_array_new();

	for (guint i = 0; i < all->len; i++) {
		struct unit *unit = g_ptr_array_index(all, i);

		for (char **pattern = patterns; *pattern && unit->object; pattern++)
			if (g_pattern_match_simple(*pattern, unit->output)) {
				g_ptr_array_add(chosen, unit);
				break;
			}
	}
	return chosen;
}

static gint compare_objects(gconstpointer a, gconstpointer b)
{
	const struct unit *left = *(struct unit *const *)a, *right = *(struct unit *const *)b;

	return strcmp(left->object, right->object);
}

static char *object_path(const struct gate *gate, const struct unit *unit)
{
	return g_build_filename(gate->directory, unit->output, NULL);
}

/* One shell line that makes the stock object of a unit from a source, unless it is there. */
static char *stock_line(const struct gate *gate, const struct unit *unit, const char *arguments)
{
	g_autofree char *path = object_path(gate, unit);
	g_autofree char *directory = g_path_get_dirname(path);
	g_autofree char *final = g_shell_quote(path);
	g_autofree char *aside_plain = g_strconcat(path, ".partial", NULL);
	g_autofree char *aside = g_shell_quote(aside_plain);

	if (!files_make_directory(directory, NULL) || g_file_test(path, G_FILE_TEST_EXISTS))
		return g_strdup(":");
	return g_strdup_printf("%s %s -g0 -w -c -o %s && %s %s && mv %s %s", unit->compile,
			       arguments, aside, unit->objtool ? unit->objtool : "test -f", aside,
			       aside, final);
}

/* Runs shell lines; what one that fails says is shown, and its unit is missing when it is matched.
 */
static gboolean run_lines(const struct gate *gate, const GPtrArray *lines, GError **error)
{
	g_autofree const char **argv = g_new0(const char *, 4 * lines->len + 1);
	g_autofree struct process *processes = g_new0(struct process, lines->len + 1);
	g_autofree struct process_result *results = g_new0(struct process_result, lines->len + 1);

	for (guint i = 0; i < lines->len; i++) {
		argv[4 * i] = "sh";
		argv[4 * i + 1] = "-c";
		argv[4 * i + 2] = g_ptr_array_index(lines, i);
		processes[i].argv = &argv[4 * i];
		processes[i].directory = gate->kernel->build;
	}

	gboolean ran = process_run_all(processes, results, lines->len, process_jobs(), error);
	for (guint i = 0; i < lines->len; i++) {
		if (ran && results[i].status)
			printf("# %s", results[i].errors);
		process_result_clear(&results[i]);
	}
	return ran;
}

static gboolean compile_all(const struct gate *gate, const GPtrArray *units, GError **error)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < units->len; i++) {
		const struct unit *unit = g_ptr_array_index(units, i);

		g_ptr_array_add(lines, stock_line(gate, unit, unit->arguments));
	}
	return run_lines(gate, lines, error);
}

static gboolean match_object(struct gate *gate, const struct unit *unit, const char *path,
			     struct match_count *count, GError **error)
{
	if (gate->image && strcmp(image_name(gate->image), unit->object))
		g_clear_pointer(&gate->image, image_free);
	if (!gate->image)
		gate->image = image_open(gate->kernel, unit->object, error);

	AUTO(object) stock = gate->image ? object_read(path, error) : NULL;
	AUTO(match) match = stock ? match_unit(gate->image, stock, error) : NULL;
	if (match)
		*count = match_count(match);
	return match != NULL;
}

static void try_unit(struct gate *gate, const struct unit *unit)
{
	g_autofree char *path = object_path(gate, unit);
	g_autoptr(GError) error = NULL;
	struct match_count count;

	gate->units++;
	if (match_object(gate, unit, path, &count, &error)) {
		printf("ok - %s in %s: %u functions, %u data\n", unit->output, unit->object,
		       count.functions, count.data);
		gate->functions += count.functions;
		gate->data += count.data;
		return;
	}
	printf("not ok - %s in %s: %s\n", unit->output, unit->object, error->message);
	gate->bad++;
}

static int cannot(const GError *error)
{
	fprintf(stderr, "gate: %s\n", error->message);
	return 2;
}

/* At least as many as were asked for. */
static int try_all(struct gate *gate, GPtrArray *units, guint wanted)
{
	g_autoptr(GError) error = NULL;

	printf("1..%u\n", MAX(units->len, wanted));
	g_ptr_array_sort(units, compare_objects);
	if (!compile_all(gate, units, &error))
		return cannot(error);
	for (guint i = 0; i < units->len; i++)
		try_unit(gate, g_ptr_array_index(units, i));
	printf("# %u units, %u differ; %u functions and %u data symbols matched\n", gate->units,
	       gate->bad, gate->functions, gate->data);
	return gate->bad || gate->units < wanted;
}

/* The unit's source with the first FROM made TO, in a file of the same name; NULL if there is no
 * FROM.  Caller frees the path. */
static char *changed_source(const struct gate *gate, const struct unit *unit, const char *from,
			    const char *to, GError **error)
{
	g_autofree char *path = g_build_filename(gate->kernel->source, unit->source, NULL);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *changed = g_build_filename(gate->directory, name, NULL);
	g_autofree char *text = files_read_text(path, error);
	char *at = text ? strstr(text, from) : NULL;

	if (!at || !files_make_directory(gate->directory, error))
		return NULL;
	g_autofree char *all =
		g_strdup_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return files_write(changed, all, strlen(all), error) ? g_steal_pointer(&changed) : NULL;
}

/* The arguments of a unit's command with another source file; it finds the unit's own headers. */
static char *with_source(const struct gate *gate, const struct unit *unit, const char *source)
{
	g_autofree char *own = g_path_get_dirname(unit->source);
	g_autofree char *quoted = g_shell_quote(source);

	return g_strdup_printf("%.*s -iquote %s/%s %s",
			       (int)(strrchr(unit->arguments, ' ') - unit->arguments),
			       unit->arguments, gate->kernel->source, own, quoted);
}

static int try_changed(struct gate *gate, const GPtrArray *units, char **change)
{
	g_autoptr(GError) error = NULL;
	const struct unit *unit = units->len == 1 ? g_ptr_array_index(units, 0) : NULL;
	g_autofree char *source =
		unit ? changed_source(gate, unit, change[1], change[2], &error) : NULL;
	struct match_count count;

	puts("1..1");
	if (!source) {
		printf("not ok - there is one unit %s with \"%s\"\n", change[0], change[1]);
		return 1;
	}

	g_autofree char *arguments = with_source(gate, unit, source);
	g_autofree char *path = object_path(gate, unit);
	g_autofree char *expected = g_strdup_printf(": function %s+0x", change[3]);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	remove(path);
	g_ptr_array_add(lines, stock_line(gate, unit, arguments));
	if (!run_lines(gate, lines, &error))
		return cannot(error);

	gboolean named_it =
		!match_object(gate, unit, path, &count, &error) && strstr(error->message, expected);
	printf("%s - %s with \"%s\" for \"%s\" is refused naming %s\n", named_it ? "ok" : "not ok",
	       unit->source, change[2], change[1], change[3]);
	if (!named_it)
		printf("# %s\n", error ? error->message : "it matches");
	return !named_it;
}

static int try_modules(const struct gate *gate, const struct commands *commands, char **names)
{
	int bad = 0;

	printf("1..%u\n", g_strv_length(names));
	for (; *names; names++) {
		g_autofree char *file = g_strconcat(*names, ".ko", NULL);
		g_autofree char *work = g_build_filename(gate->directory, *names, NULL);
		g_autofree char *path = g_build_filename(gate->directory, file, NULL);
		g_autoptr(GError) error = NULL;
		gboolean good =
			fixed_build(gate->kernel, commands, NULL, *names, work, path, &error);

		printf("%s - module %s is what was shipped\n", good ? "ok" : "not ok", *names);
		if (!good)
			printf("# %s\n", error->message);
		bad |= !good;
	}
	return bad;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	gboolean changed = argc == 8 && !strcmp(argv[3], "--changed");
	gboolean modules = argc > 4 && !strcmp(argv[3], "--module");

	if (argc < 4 || (argv[3][0] == '-' && !changed && !modules)) {
		fputs("usage: gate RELEASE DIRECTORY COUNT | UNIT... | --changed UNIT FROM TO "
		      "FUNCTION | --module NAME...\n",
		      stderr);
		return 2;
	}

	AUTO(kernel) kernel = kernel_open(argv[1], &error);
	AUTO(commands)
	commands = kernel && runtime_renew(kernel, &error) ? commands_open(kernel, &error) : NULL;
	if (!commands)
		return cannot(error);

	struct gate gate = {.kernel = kernel, .directory = argv[2]};
	if (modules)
		return try_modules(&gate, commands, argv + 4);
	const GPtrArray *all = commands_units(commands);
	char *one[] = {argv[4], NULL};
	guint count = atoi(argv[3]);
	g_autoptr(GPtrArray) units = changed ? named(all, one)
				     : count ? spread(all, count)
					     : named(all, argv + 3);
	int status = changed ? try_changed(&gate, units, argv + 4)
			     : try_all(&gate, units, count ? 1 : (guint)argc - 3);
	image_free(gate.image);
	return status;
}
