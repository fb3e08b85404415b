/*
 * The database is text: a line for each distinct first part of a compile command, one for each
 * distinct objtool command, one for each unit that refers to them by number.  It is read in place:
 * tabs and newlines become the ends of strings.
 */
#include "tree/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "tree/recipes.h"

static const char format[] = "klatch commands 1";

struct commands {
	char *text;
	struct unit *units;
	GPtrArray *list;      /* of borrowed struct unit, pointers into units */
	struct unit **sorted; /* by source; of one source in order of the database */
};

/* make -n while it runs in a thread of its own; what it says comes through a pipe. */
struct listing {
	struct process process;
	struct process_result result;
	int pipe[2];
	gboolean started;
	GError *error;
};

static gpointer run_make(gpointer data)
{
	struct listing *listing = data;

	listing->started = process_run(&listing->process, &listing->result, &listing->error);
	/* The reader sees the end only when nobody can write any more. */
	close(listing->pipe[1]);
	return NULL;
}

static gboolean fail(GError **error, const char *why)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, "the kernel's commands can't be listed", NULL, NULL,
		    "%s", why);
	return FALSE;
}

/* make's output is ten times what is kept of it: read as it comes, a line at a time. */
static void read_listing(struct recipes *recipes, int fd, struct progress *progress)
{
	FILE *output = fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	guint last = 0;

	while ((length = getline(&line, &size, output)) > 0) {
		recipes_line(recipes, line, length);
		if (recipes_count(recipes) >= last + 100) {
			last = recipes_count(recipes);
			progress_report(progress, "listing the commands", -1);
		}
	}
	free(line);
	fclose(output);
}

/*
 * -k: what hangs on vmlinux can't be made without it, and is not needed; nor is what comes after an
 * external directory's list of modules.  Any other target that make finds no rule for means that
 * the listing has a hole.
 */
static gboolean check_complaints(const char *errors, GError **error)
{
	static const char complaint[] = "No rule to make target '";
	const char *at = errors;

	while ((at = strstr(at, complaint))) {
		at += strlen(complaint);
		g_autofree char *target = g_strndup(at, strcspn(at, "'"));
		if (g_str_has_prefix(at, "vmlinux") || g_str_has_suffix(target, "/modules.order"))
			continue;
		g_autofree char *line = g_strndup(at, strcspn(at, "\n"));
		g_autofree char *why = g_strdup_printf("make -n finds no rule for '%s", line);
		return fail(error, why);
	}
	return TRUE;
}

/*
 * -o prepare: it was made.  -j1: lines of two recipes must not mix.  The signing key of the
 * kernel's builder is not there; naming the one that the build would make itself keeps certs/
 * whole.
 */
static GPtrArray *listing_argv(const char *source, const char *build, const char *release,
			       const char *compiler)
{
	GPtrArray *argv = kbuild_make(source, build, release, compiler);

	kbuild_add(argv, "CONFIG_MODULE_SIG_KEY=certs/signing_key.pem", "-n", "-k", "-j1", "-o",
		   "prepare", "modules", "vmlinux", NULL);
	return argv;
}

static gboolean list_recipes(struct recipes *recipes, const GPtrArray *argv,
			     struct progress *progress, GError **error)
{
	struct listing listing = {.process.argv = (const char *const *)argv->pdata};

	if (pipe2(listing.pipe, O_CLOEXEC))
		return fail(error, g_strerror(errno));

	g_autofree char *write_end = g_strdup_printf("/proc/self/fd/%d", listing.pipe[1]);
	listing.process.output_path = write_end;
	GThread *thread = g_thread_new("make", run_make, &listing);
	read_listing(recipes, listing.pipe[0], progress);
	g_thread_join(thread);

	gboolean good = listing.started;
	if (good)
		good = check_complaints(listing.result.errors, error);
	else
		g_propagate_error(error, listing.error);
	process_result_clear(&listing.result);
	return good;
}

static gboolean fail_database(const char *path, GError **error)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, "the database of commands can't be read", path,
		    "remove the kernel and add it again",
		    "it is damaged or of another version of klatch");
	return FALSE;
}

static gboolean generate_sources(const struct recipes *recipes, const char *build, GError **error)
{
	static const char *const environment[] = {"LC_ALL=C", NULL};
	g_autoptr(GPtrArray) lines = recipes_generators(recipes);

	for (guint i = 0; i < lines->len; i++) {
		const char *argv[] = {"sh", "-c", g_ptr_array_index(lines, i), NULL};
		struct process process = {
			.argv = argv, .directory = build, .environment = environment};
		AUTO_PROCESS_RESULT result = {0};

		if (!process_check(&process, "generating sources", &result, error))
			return FALSE;
	}
	return TRUE;
}

gboolean commands_make(const char *source, const char *build, const char *release,
		       const char *compiler, const char *path, struct progress *progress,
		       GError **error)
{
	AUTO(recipes) recipes = recipes_new(source, build, compiler);
	g_autoptr(GPtrArray) argv = listing_argv(source, build, release, compiler);

	if (!list_recipes(recipes, argv, progress, error) ||
	    !generate_sources(recipes, build, error))
		return FALSE;

	g_autoptr(GString) text = recipes_database(recipes, error);
	return text && files_write(path, text->str, text->len, error);
}

gboolean commands_make_external(const struct external *external, const char *source,
				const char *path, GError **error)
{
	const struct kernel *base = external->base;
	AUTO(recipes) recipes = recipes_new(base->source, external->build, base->compiler);
	g_autofree char *former = files_read_text(base->commands, error);
	g_autoptr(GPtrArray) argv = kbuild_external(external);

	if (!former)
		return FALSE;
	if (!recipes_take(recipes, former))
		return fail_database(base->commands, error);
	recipes_external(recipes, external->directory, external->name);
	kbuild_add(argv, "-n", "-k", "-j1", "-o", "prepare", "modules", NULL);
	if (!list_recipes(recipes, argv, NULL, error))
		return FALSE;

	g_autoptr(GString) text = recipes_database(recipes, error);
	if (text)
		g_string_replace(text, base->source, source, 0);
	return text && files_write(path, text->str, text->len, error);
}

/* A line's fields while it is read. */
struct fields {
	char *at;
};

/* The next field, ended by NUL instead of its tab; "" if there is none. */
static char *next_field(struct fields *fields)
{
	char *field = fields->at, *tab = strchr(field, '\t');

	if (tab)
		*tab = '\0';
	fields->at = tab ? tab + 1 : field + strlen(field);
	return field;
}

/* The string that a field refers to by number, or NULL. */
static const char *referred(const char *field, const GPtrArray *strings)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(field, 10, 0, strings->len, &number, NULL) ||
	    number == strings->len)
		return NULL;
	return g_ptr_array_index(strings, number);
}

static gboolean read_unit(struct fields *fields, struct unit *unit, const GPtrArray *compiles,
			  const GPtrArray *objtools)
{
	unit->output = next_field(fields);
	unit->source = next_field(fields);
	unit->object = next_field(fields);
	unit->compile = referred(next_field(fields), compiles);
	unit->arguments = next_field(fields);
	unit->objtool = referred(next_field(fields), objtools);
	unit->assembly = g_str_has_suffix(unit->source, ".S");
	if (!strcmp(unit->object, "-"))
		unit->object = NULL;
	return unit->compile && *unit->arguments;
}

static gboolean read_lines(struct commands *commands, char *line)
{
	g_autoptr(GPtrArray) compiles = g_ptr_array_new(), objtools = g_ptr_array_new();
	g_autoptr(GArray) units = g_array_new(FALSE, TRUE, sizeof(struct unit));
	gboolean good = TRUE;

	for (char *next; good && *line; line = next) {
		struct fields fields = {line};

		next = strchr(line, '\n');
		if (!next)
			return FALSE;
		*next++ = '\0';
		const char *kind = next_field(&fields);
		if (!strcmp(kind, "unit")) {
			struct unit unit = {0};

			good = read_unit(&fields, &unit, compiles, objtools);
			g_array_append_val(units, unit);
		} else if (!strcmp(kind, "compile")) {
			g_ptr_array_add(compiles, fields.at);
		} else if (!strcmp(kind, "objtool")) {
			g_ptr_array_add(objtools, fields.at);
		} else {
			good = FALSE;
		}
	}
	for (guint i = 0; i < units->len; i++)
		g_ptr_array_add(commands->list, &g_array_index(units, struct unit, i));
	commands->units = (struct unit *)g_array_free(g_steal_pointer(&units), FALSE);
	return good && commands->list->len;
}

static int by_source(gconstpointer a, gconstpointer b)
{
	const struct unit *first = *(const struct unit *const *)a;
	const struct unit *second = *(const struct unit *const *)b;
	int order = strcmp(first->source, second->source);

	return order ? order : (first > second) - (first < second);
}

struct commands *commands_open(const struct kernel *kernel, GError **error)
{
	AUTO(commands) commands = g_new0(struct commands, 1);

	commands->list = g_ptr_array_new();
	commands->text = files_read_text(kernel->commands, error);
	if (!commands->text)
		return NULL;

	char *newline = strchr(commands->text, '\n');
	if (!newline || strncmp(commands->text, format, newline - commands->text) ||
	    !read_lines(commands, newline + 1)) {
		fail_database(kernel->commands, error);
		return NULL;
	}
	commands->sorted =
		g_memdup2(commands->list->pdata, commands->list->len * sizeof(*commands->sorted));
	qsort(commands->sorted, commands->list->len, sizeof(*commands->sorted), by_source);
	return g_steal_pointer(&commands);
}

void commands_free(struct commands *commands)
{
	g_free(commands->text);
	g_free(commands->units);
	g_free(commands->sorted);
	g_ptr_array_unref(commands->list);
	g_free(commands);
}

const GPtrArray *commands_units(const struct commands *commands)
{
	return commands->list;
}

GPtrArray *commands_of_source(const struct commands *commands, const char *source)
{
	GPtrArray *found = g_ptr_array_new();
	guint low = 0, high = commands->list->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (strcmp(commands->sorted[middle]->source, source) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < commands->list->len && !strcmp(commands->sorted[low]->source, source); low++)
		g_ptr_array_add(found, commands->sorted[low]);
	return found;
}
