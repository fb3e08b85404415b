/*
 * make bench: what klatch takes against what can't be saved, in the same run.
 *
 *	bench KLATCH RELEASE PATCH...
 *
 * For each patch of one unit: the unit's three compiles, bare and all at once; then klatch build.
 * For large units, the largest of 6.1 first: the differ against reading the two objects.  Then a
 * thousand pairs of objects, read and compared by one thread: units spread over the kernel, each
 * several times.  klatch census against reading all files of modules, unpacked if they are
 * compressed.  Each figure is the median of five.  Prints a table; the ratio is what counts, not
 * the seconds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/files.h"
#include "base/process.h"
#include "base/workspace.h"
#include "diff/diff.h"
#include "kernel/kernel.h"
#include "kernel/modules.h"
#include "tree/commands.h"
#include "tree/overlay.h"
#include "tree/touched.h"

#define ROUNDS 5
#define PAIRS  1000
#define SPREAD 50 /* units */
/* The limits that the project has set itself. */
#define MOST_RATIO	    1.5
#define MOST_MEMORY	    (300 << 20)
#define MOST_DIFF_SECONDS   0.3
#define LEAST_PAIRS	    40 /* in a second */
#define MOST_CENSUS_SECONDS 3.0
#define MOST_CENSUS_MEMORY  (200 << 20)

static const char *const large_units[] = {
	"arch/x86/kvm/x86.c",
	"fs/ext4/inode.c",
	"net/netfilter/nf_tables_api.c",
	"drivers/net/tun.c",
};

struct bench {
	const char *klatch;
	struct kernel *kernel;
	struct commands *commands;
	struct workspace *workspace;
	gboolean within; /* no limit was passed */
};

static G_NORETURN void stop(GError *error)
{
	fprintf(stderr, "bench: %s\n", error->message);
	exit(2);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare_doubles);
	return values[ROUNDS / 2];
}

/* One compile of a unit as it stands, with more options, to a file. */
static char *compile_line(const struct unit *unit, const char *options, const char *output)
{
	return g_strdup_printf("exec %s %s -g0 %s -c -o %s", unit->compile, unit->arguments,
			       options, output);
}

/* Seconds for several shell lines at once in the kernel's output tree. */
static double run_lines(const struct bench *bench, char **lines, guint count)
{
	g_autofree struct process *processes = g_new0(struct process, count);
	g_autofree struct process_result *results = g_new0(struct process_result, count);
	g_autofree const char *(*arguments)[4] = g_malloc0_n(count, sizeof(*arguments));
	GError *error = NULL;
	gint64 start = g_get_monotonic_time();

	for (guint i = 0; i < count; i++) {
		arguments[i][0] = "sh";
		arguments[i][1] = "-c";
		arguments[i][2] = lines[i];
		processes[i].argv = arguments[i];
		processes[i].directory = bench->kernel->build;
	}
	if (!process_run_all(processes, results, count, count, &error))
		stop(error);
	double seconds = (double)(g_get_monotonic_time() - start) / 1e6;
	for (guint i = 0; i < count; i++) {
		if (results[i].status) {
			fprintf(stderr, "bench: %s\n%s", lines[i], results[i].errors);
			exit(2);
		}
		process_result_clear(&results[i]);
	}
	return seconds;
}

static double bare_compiles(const struct bench *bench, const struct unit *unit)
{
	const char *const sections = "-ffunction-sections -fdata-sections";
	g_autofree char *a = workspace_path(bench->workspace, "a.o");
	g_autofree char *b = workspace_path(bench->workspace, "b.o");
	g_autofree char *c = workspace_path(bench->workspace, "c.o");
	g_autofree char *stock = compile_line(unit, "", a);
	g_autofree char *original = compile_line(unit, sections, b);
	g_autofree char *patched = compile_line(unit, sections, c);
	char *lines[] = {stock, original, patched};
	double seconds[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		seconds[i] = run_lines(bench, lines, G_N_ELEMENTS(lines));
	return median(seconds);
}

static double klatch_build(const struct bench *bench, const char *patch, guint64 *memory)
{
	g_autofree char *output = workspace_path(bench->workspace, "bench.ko");
	const char *const argv[] = {bench->klatch, "build", "-k",  bench->kernel->release,
				    "-o",	   output,  patch, NULL};
	const struct process process = {.argv = argv};
	double seconds[ROUNDS];

	*memory = 0;
	for (int i = 0; i < ROUNDS; i++) {
		AUTO_PROCESS_RESULT result = {0};
		GError *error = NULL;

		if (!process_check(&process, "building a livepatch", &result, &error))
			stop(error);
		seconds[i] = result.seconds;
		*memory = MAX(*memory, result.peak_memory);
	}
	return median(seconds);
}

/* The one unit of a patch. */
static const struct unit *unit_of_patch(const struct bench *bench, const char *patch)
{
	g_autofree char *directory = workspace_path(bench->workspace, "overlay");
	const char *const patches[] = {patch, NULL};
	GError *error = NULL;
	AUTO(overlay) overlay = overlay_new(bench->kernel, patches, directory, &error);
	if (!overlay)
		stop(error);
	AUTO(touched) touched = touched_units(bench->kernel, bench->commands, overlay, &error);
	if (!touched)
		stop(error);
	files_remove_tree(directory, NULL);
	return touched->units->len ? g_ptr_array_index(touched->units, 0) : NULL;
}

static void bench_patch(struct bench *bench, const char *patch)
{
	const struct unit *unit = unit_of_patch(bench, patch);
	guint64 memory;

	if (!unit) {
		printf("%s touches no unit\n", patch);
		return;
	}
	double bare = bare_compiles(bench, unit);
	double build = klatch_build(bench, patch, &memory);
	gboolean within = build <= bare * MOST_RATIO && memory <= MOST_MEMORY;

	printf("build  %-34s three compiles %6.2f s   klatch build %6.2f s   ratio %.2f   "
	       "%3" G_GUINT64_FORMAT " MB%s\n",
	       unit->source, bare, build, build / bare, memory >> 20,
	       within ? "" : "   OVER THE LIMIT");
	bench->within &= within;
}

static struct object *read_object(const char *path)
{
	GError *error = NULL;
	struct object *object = object_read(path, &error);

	if (!object)
		stop(error);
	return object;
}

static void bench_differ(struct bench *bench, const char *source)
{
	g_autoptr(GPtrArray) units = commands_of_source(bench->commands, source);
	const struct unit *unit = units->len ? g_ptr_array_index(units, 0) : NULL;
	g_autofree char *a = workspace_path(bench->workspace, "a.o");
	g_autofree char *b = workspace_path(bench->workspace, "b.o");
	double reading[ROUNDS], comparing[ROUNDS];
	GError *error = NULL;

	if (!unit)
		return;
	g_autofree char *first = compile_line(unit, "-ffunction-sections -fdata-sections", a);
	g_autofree char *second = compile_line(unit, "-ffunction-sections -fdata-sections", b);
	char *lines[] = {first, second};
	run_lines(bench, lines, G_N_ELEMENTS(lines));

	for (int i = 0; i < ROUNDS; i++) {
		gint64 start = g_get_monotonic_time();
		AUTO(object) original = read_object(a);
		AUTO(object) patched = read_object(b);
		reading[i] = (double)(g_get_monotonic_time() - start) / 1e6;

		start = g_get_monotonic_time();
		AUTO(diff)
		diff = diff_objects(original, patched, bench->kernel->series, FALSE, NULL, &error);
		comparing[i] = (double)(g_get_monotonic_time() - start) / 1e6;
		if (!diff)
			stop(error);
	}
	double read = median(reading), compare = median(comparing);
	gboolean within = read + compare <= MOST_DIFF_SECONDS;

	printf("differ %-34s reading both  %8.4f s   comparing    %8.4f s   ratio %.2f%s\n", source,
	       read, compare, compare / read, within ? "" : "   OVER THE LIMIT");
	bench->within &= within;
}

/* Units spread over the kernel, all of which can be compiled. */
static GPtrArray *spread_units(const struct bench *bench)
{
	const GPtrArray *all = commands_units(bench->commands);
	g_autoptr(GPtrArray) fit = g_ptr_array_new();
	GPtrArray *chosen = g_ptr_array_new();

	for (guint i = 0; i < all->len; i++) {
		struct unit *unit = g_ptr_array_index(all, i);

		if (unit->object && !unit->assembly)
			g_ptr_array_add(fit, unit);
	}
	for (guint i = 0; i < SPREAD; i++)
		g_ptr_array_add(chosen, g_ptr_array_index(fit, (gsize)i * fit->len / SPREAD));
	return chosen;
}

/* Compiles a unit and compares it so many times with itself.  Seconds. */
static double compare_often(const struct bench *bench, const struct unit *unit, guint times)
{
	g_autofree char *path = workspace_path(bench->workspace, "a.o");
	g_autofree char *line = compile_line(unit, "-ffunction-sections -fdata-sections", path);
	GError *error = NULL;

	run_lines(bench, &line, 1);
	gint64 start = g_get_monotonic_time();
	for (guint i = 0; i < times; i++) {
		AUTO(object) original = read_object(path);
		AUTO(object) patched = read_object(path);
		AUTO(diff)
		diff = diff_objects(original, patched, bench->kernel->series, FALSE, NULL, &error);
		if (!diff)
			stop(error);
	}
	return (double)(g_get_monotonic_time() - start) / 1e6;
}

static void bench_pairs(struct bench *bench)
{
	g_autoptr(GPtrArray) units = spread_units(bench);
	double seconds = 0;

	for (guint i = 0; i < units->len; i++)
		seconds += compare_often(bench, g_ptr_array_index(units, i), PAIRS / SPREAD);
	gboolean within = PAIRS >= seconds * LEAST_PAIRS;

	printf("differ %d pairs of %d units%*sread and compared %6.2f s   %.0f pairs a second%s\n",
	       PAIRS, SPREAD, 12, "", seconds, PAIRS / seconds, within ? "" : "   TOO FEW");
	bench->within &= within;
}

/* Every byte of every module, by one thread. */
static double read_modules(const struct bench *bench, guint *count)
{
	gint64 start = g_get_monotonic_time();
	GError *error = NULL;
	g_autoptr(GPtrArray) files = modules_files(bench->kernel, &error);
	volatile guint8 sum = 0;

	if (!files)
		stop(error);
	for (guint i = 0; i < files->len; i++) {
		const struct module_file *file = g_ptr_array_index(files, i);
		g_autoptr(GBytes) bytes = modules_file_bytes(file->path, &error);
		gsize size;

		if (!bytes)
			stop(error);
		const guint8 *data = g_bytes_get_data(bytes, &size);
		for (gsize at = 0; at < size; at += 64) /* a cache line */
			sum ^= data[at];
	}
	*count = files->len;
	return (double)(g_get_monotonic_time() - start) / 1e6;
}

static void bench_census(struct bench *bench)
{
	const char *const argv[] = {bench->klatch, "census", "-k", bench->kernel->release, NULL};
	const struct process process = {.argv = argv};
	double reading[ROUNDS], counting[ROUNDS];
	guint64 memory = 0;
	guint count = 0;

	for (int i = 0; i < ROUNDS; i++) {
		AUTO_PROCESS_RESULT result = {0};
		GError *error = NULL;

		reading[i] = read_modules(bench, &count);
		if (!process_check(&process, "counting", &result, &error))
			stop(error);
		counting[i] = result.seconds;
		memory = MAX(memory, result.peak_memory);
	}
	double read = median(reading), census = median(counting);
	gboolean within = census <= MOST_CENSUS_SECONDS && memory <= MOST_CENSUS_MEMORY;

	printf("census %u modules%*sreading all    %6.2f s   klatch census %6.2f s   ratio %.2f   "
	       "%3" G_GUINT64_FORMAT " MB%s\n",
	       count, 22, "", read, census, census / read, memory >> 20,
	       within ? "" : "   OVER THE LIMIT");
	bench->within &= within;
}

int main(int argc, char **argv)
{
	struct bench bench = {.within = TRUE};
	GError *error = NULL;

	if (argc < 4) {
		fprintf(stderr, "usage: %s KLATCH RELEASE PATCH...\n", argv[0]);
		return 2;
	}
	bench.klatch = argv[1];
	bench.workspace = workspace_new(&error);
	if (!bench.workspace)
		stop(error);
	bench.kernel = kernel_open(argv[2], &error);
	if (!bench.kernel)
		stop(error);
	bench.commands = commands_open(bench.kernel, &error);
	if (!bench.commands)
		stop(error);

	for (int i = 3; i < argc; i++)
		bench_patch(&bench, argv[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(large_units); i++)
		bench_differ(&bench, large_units[i]);
	bench_pairs(&bench);
	bench_census(&bench);

	commands_free(bench.commands);
	kernel_free(bench.kernel);
	workspace_free(bench.workspace);
	return bench.within ? 0 : 1;
}
