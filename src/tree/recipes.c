/*
 * Knows the shapes that Kbuild gives to a compile, an objtool run, a list of objects and a rule
 * that generates a source; all else is passed over.
 */
#include "tree/recipes.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "tree/shell.h"

struct unit_recipe {
	char *output;
	char *source;	 /* normalised, below the source or the build tree */
	char *arguments; /* the unit's own part of the command */
	guint command;	 /* its shared part: index into recipes->commands */
	gboolean module; /* compiled with -DMODULE */
};

/* A string table: each string once, numbered in order of its first use. */
struct strings {
	GHashTable *numbers; /* text to number + 1 */
	GPtrArray *texts;    /* borrowed from numbers */
};

struct generator {
	char *line;
	char *target;
	gboolean host; /* a program for this machine, not a source */
};

struct recipes {
	char *source, *build; /* as make prints them: without links on the way */
	char *named_source;   /* as the caller names it */
	char *external;	      /* a directory that is built beside the source tree, or NULL */
	char *external_as;    /* the same as a path in the source tree */
	char *compiler;
	GString *taken;		 /* the units of a former database, as its text */
	GPtrArray *units;	 /* of struct unit_recipe */
	struct strings commands; /* shared parts of compile commands */
	struct strings objtools;
	GHashTable *objtool_of; /* object file to number + 1 in objtools */
	GHashTable *linked;	/* module to the object file that its objects are linked into */
	guint delayed; /* number + 1 of the objtool command for units of vmlinux, if objtool
			  is not run before the link */
	GHashTable *objects_of; /* object file to GPtrArray of the names it is linked into */
	GPtrArray *generators;	/* of struct generator */
	GString *pending;	/* lines that ended in a backslash */
};

static void unit_recipe_free(struct unit_recipe *unit)
{
	g_free(unit->output);
	g_free(unit->source);
	g_free(unit->arguments);
	g_free(unit);
}

static void generator_free(struct generator *generator)
{
	g_free(generator->line);
	g_free(generator->target);
	g_free(generator);
}

static void strings_init(struct strings *strings)
{
	strings->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	strings->texts = g_ptr_array_new();
}

static void strings_clear(struct strings *strings)
{
	g_hash_table_unref(strings->numbers);
	g_ptr_array_unref(strings->texts);
}

static guint strings_number(struct strings *strings, const char *text)
{
	guint number = GPOINTER_TO_UINT(g_hash_table_lookup(strings->numbers, text));

	if (number)
		return number - 1;
	char *copy = g_strdup(text);
	g_ptr_array_add(strings->texts, copy);
	g_hash_table_insert(strings->numbers, copy, GUINT_TO_POINTER(strings->texts->len));
	return strings->texts->len - 1;
}

/* make goes to both trees by chdir(2), after which their paths hold no links. */
static char *resolve(const char *path)
{
	char *real = realpath(path, NULL);
	char *copy = g_strdup(real ? real : path);

	free(real);
	return copy;
}

struct recipes *recipes_new(const char *source, const char *build, const char *compiler)
{
	struct recipes *recipes = g_new0(struct recipes, 1);

	recipes->source = resolve(source);
	recipes->build = resolve(build);
	recipes->named_source = g_strdup(source);
	recipes->compiler = g_strdup(compiler);
	recipes->taken = g_string_new(NULL);
	recipes->units = g_ptr_array_new_with_free_func((GDestroyNotify)unit_recipe_free);
	strings_init(&recipes->commands);
	strings_init(&recipes->objtools);
	recipes->objtool_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	recipes->linked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	recipes->objects_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						    (GDestroyNotify)g_ptr_array_unref);
	recipes->generators = g_ptr_array_new_with_free_func((GDestroyNotify)generator_free);
	recipes->pending = g_string_new(NULL);
	return recipes;
}

void recipes_free(struct recipes *recipes)
{
	g_free(recipes->source);
	g_free(recipes->build);
	g_free(recipes->named_source);
	g_free(recipes->external);
	g_free(recipes->external_as);
	g_free(recipes->compiler);
	g_string_free(recipes->taken, TRUE);
	g_ptr_array_unref(recipes->units);
	strings_clear(&recipes->commands);
	strings_clear(&recipes->objtools);
	g_hash_table_unref(recipes->objtool_of);
	g_hash_table_unref(recipes->linked);
	g_hash_table_unref(recipes->objects_of);
	g_ptr_array_unref(recipes->generators);
	g_string_free(recipes->pending, TRUE);
	g_free(recipes);
}

static const char format[] = "klatch commands 1";

/* Strings keep their numbers: they are numbered in order, and these are the first. */
gboolean recipes_take(struct recipes *recipes, const char *database)
{
	g_auto(GStrv) lines = g_strsplit(database, "\n", -1);

	if (g_strcmp0(lines[0], format))
		return FALSE;
	for (char **line = lines + 1; *line && **line; line++) {
		if (g_str_has_prefix(*line, "compile\t"))
			strings_number(&recipes->commands, *line + strlen("compile\t"));
		else if (g_str_has_prefix(*line, "objtool\t"))
			strings_number(&recipes->objtools, *line + strlen("objtool\t"));
		else
			g_string_append_printf(recipes->taken, "%s\n", *line);
	}
	return TRUE;
}

void recipes_external(struct recipes *recipes, const char *directory, const char *name)
{
	recipes->external = g_strdup(directory);
	recipes->external_as = g_build_filename(recipes->source, name, NULL);
}

guint recipes_count(const struct recipes *recipes)
{
	return recipes->units->len;
}

/* "a/../b/./c" is "b/c"; NULL if it leads out of the tree. */
static char *normalise(const char *path)
{
	g_autofree char *rooted = g_strconcat("/", path, NULL);
	g_autofree char *canonical = g_canonicalize_filename(rooted, "/");

	return g_strdup(canonical + 1);
}

/* A path below the source tree without it; any other as it is. */
static const char *below_source(const struct recipes *recipes, const char *path)
{
	gsize length = strlen(recipes->source);

	return g_str_has_prefix(path, recipes->source) && path[length] == '/' ? path + length + 1
									      : path;
}

/* Where a source is, below the tree it is in. */
static char *source_path(const struct recipes *recipes, struct text word)
{
	g_autofree char *path = text_copy(word);

	return normalise(below_source(recipes, path));
}

/* Part of a command as it is kept: the trees named as they will be found. */
static char *rewrite(const struct recipes *recipes, const GString *words)
{
	g_autoptr(GString) result = g_string_new_len(words->str, words->len);

	if (strcmp(recipes->source, recipes->named_source))
		g_string_replace(result, recipes->source, recipes->named_source, 0);
	/* The build tree is renamed when it is done; commands run in it. */
	g_string_replace(result, recipes->build, ".", 0);
	return g_strdup(g_strchug(result->str));
}

static void add_unit(struct recipes *recipes, struct text output, struct text source,
		     const GString *shared, const GString *own, gboolean module)
{
	struct unit_recipe *unit = g_new0(struct unit_recipe, 1);
	g_autofree char *command = rewrite(recipes, shared);

	unit->output = text_copy(output);
	unit->source = source_path(recipes, source);
	unit->command = strings_number(&recipes->commands, command);
	unit->arguments = rewrite(recipes, own);
	unit->module = module;
	g_ptr_array_add(recipes->units, unit);
}

/* Names a file that is of use to make alone: what it depends on. */
static gboolean is_dependency_option(struct text word)
{
	return text_starts(word, "-Wp,-MD,") || text_starts(word, "-Wp,-MMD,");
}

static gboolean is_unit_source(struct text word)
{
	return *word.start != '-' && (text_ends(word, ".c") || text_ends(word, ".S"));
}

/* Where the part of a command begins that is not the same for many units. */
static gboolean begins_own_part(struct text word)
{
	return text_equals(word, "-I") || text_equals(word, "-DMODULE") ||
	       text_starts(word, "-DKBUILD_") || is_unit_source(word);
}

/* "gcc-12 FLAGS -I DIRECTORY -DKBUILD_... -c -o OUTPUT SOURCE" */
static void read_compile(struct recipes *recipes, struct text command)
{
	g_autoptr(GString) shared = g_string_new(NULL), own = g_string_new(NULL);
	GString *part = shared;
	struct text word, output = {0}, source = {0};
	gboolean kernel = FALSE, compiles = FALSE, module = FALSE;

	while (shell_word(&command, &word)) {
		kernel |= text_equals(word, "-D__KERNEL__");
		module |= text_equals(word, "-DMODULE");
		if (begins_own_part(word))
			part = own;
		if (is_unit_source(word))
			source = word;
		if (text_equals(word, "-c")) {
			compiles = TRUE;
		} else if (text_equals(word, "-o")) {
			shell_word(&command, &output);
		} else if (!is_dependency_option(word)) {
			g_string_append_c(part, ' ');
			g_string_append_len(part, word.start, word.length);
		}
	}
	if (kernel && compiles && source.length && text_ends(output, ".o"))
		add_unit(recipes, output, source, shared, own, module);
}

/*
 * With IBT objtool is run when a module's objects are linked, and on all of vmlinux.o at once.
 * make -n does not get as far as vmlinux.o, as it has not made what that is linked from; the
 * arguments are those of a module, but for --module.
 */
static void derive_delayed(struct recipes *recipes, const char *arguments)
{
	struct text rest = {arguments, strlen(arguments)}, word;
	g_autoptr(GString) text = g_string_new(NULL);
	gboolean delayed = FALSE, module = FALSE;

	while (shell_word(&rest, &word)) {
		delayed |= text_equals(word, "--link");
		if (text_equals(word, "--module")) {
			module = TRUE;
			continue;
		}
		g_string_append_printf(text, "%s%.*s", text->len ? " " : "", (int)word.length,
				       word.start);
	}
	if (delayed && module && !recipes->delayed)
		recipes->delayed = strings_number(&recipes->objtools, text->str) + 1;
}

/* "./tools/objtool/objtool ARGUMENTS FILE" */
static void read_objtool(struct recipes *recipes, struct text command)
{
	const char *end = command.start + command.length;
	struct text rest = command, word, file = {0};

	while (shell_word(&rest, &word))
		file = word;
	if (!text_ends(file, ".o"))
		return;

	g_autoptr(GString) arguments = g_string_new_len(command.start, file.start - command.start);
	g_string_append_len(arguments, file.start + file.length, end - file.start - file.length);
	g_autofree char *text = rewrite(recipes, arguments);
	guint number = strings_number(&recipes->objtools, g_strchomp(text));
	g_hash_table_insert(recipes->objtool_of, text_copy(file), GUINT_TO_POINTER(number + 1));
	derive_delayed(recipes, text);
}

/*
 * A list of objects is printed through a format that puts the directory before each:
 * `printf "dir/%s " a.o b.o | xargs ar ...` or `printf '%s\n' a.o | awk '... print("dir/"$0) ...'`.
 * Or they are named in full, as in `{ echo dir/a.o dir/b.o; echo; } > dir/x.mod`.
 */
static char *list_prefix(struct text command)
{
	static const struct {
		const char *before, *after;
	} forms[] = {{"printf \"", "%s"}, {"print(\"", "\""}};

	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
		const char *at = memmem(command.start, command.length, forms[i].before,
					strlen(forms[i].before));
		if (!at)
			continue;
		at += strlen(forms[i].before);
		const char *end = memmem(at, command.start + command.length - at, forms[i].after,
					 strlen(forms[i].after));
		if (end)
			return g_strndup(at, end - at);
	}
	return g_strdup("");
}

static void add_members(struct recipes *recipes, struct text command, const char *object)
{
	g_autofree char *prefix = list_prefix(command);
	struct text word;

	while (shell_word(&command, &word)) {
		if (!text_ends(word, ".o"))
			continue;
		g_autofree char *name = text_copy(word);
		char *path = g_strconcat(prefix, name, NULL);
		GPtrArray *objects = g_hash_table_lookup(recipes->objects_of, path);

		if (!objects) {
			objects = g_ptr_array_new_with_free_func(g_free);
			g_hash_table_insert(recipes->objects_of, path, objects);
		} else {
			g_free(path);
		}
		if (!g_ptr_array_find_with_equal_func(objects, object, g_str_equal, NULL))
			g_ptr_array_add(objects, g_strdup(object));
	}
}

/* The file a command is redirected to at its end, or nothing. */
static struct text redirection(struct text command)
{
	struct text word, before = {0}, last = {0};

	while (shell_word(&command, &word)) {
		before = last;
		last = word;
	}
	return text_equals(before, ">") ? last : (struct text){0};
}

/* "dir/foo-bar.mod" is the list of module dir/foo-bar; in C it is called foo_bar. */
static char *module_name(const char *path, const char *suffix)
{
	g_autofree char *base = g_path_get_basename(path);

	base[strlen(base) - strlen(suffix)] = '\0';
	return g_strdelimit(g_steal_pointer(&base), "-", '_');
}

static gboolean has_word(struct text command, const char *wanted)
{
	struct text word;

	while (shell_word(&command, &word))
		if (text_equals(word, wanted))
			return TRUE;
	return FALSE;
}

/* A module's list of objects, or an archive: all that Kbuild archives goes into vmlinux. */
static void read_members(struct recipes *recipes, struct text command)
{
	struct text list = redirection(command);

	if (text_ends(list, ".mod")) {
		g_autofree char *path = text_copy(list);
		g_autofree char *name = module_name(path, ".mod");

		add_members(recipes, command, name);
		path[strlen(path) - strlen(".mod")] = '\0';
		g_hash_table_insert(recipes->linked, g_steal_pointer(&name),
				    g_strconcat(path, ".o", NULL));
	} else if (has_word(command, "ar")) {
		add_members(recipes, command, "vmlinux");
	}
}

static void read_command(struct recipes *recipes, struct text command)
{
	struct text rest = command, program = {0};

	shell_word(&rest, &program);
	if (text_equals(program, recipes->compiler))
		read_compile(recipes, command);
	else if (text_ends(program, "objtool/objtool"))
		read_objtool(recipes, command);
	else
		read_members(recipes, command);
}

static gboolean is_source(struct text path)
{
	/* .s: constants that a compile prints, for a header to be made of. */
	static const char *const suffixes[] = {".c", ".h", ".S", ".s", ".inc"};

	for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++)
		if (text_ends(path, suffixes[i]))
			return TRUE;
	return FALSE;
}

static gboolean reads_objects(struct text line)
{
	static const char *const suffixes[] = {".o", ".so", ".dbg"};
	struct text word;

	while (shell_word(&line, &word))
		for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++)
			if (text_ends(word, suffixes[i]))
				return TRUE;
	return FALSE;
}

/* "echo '  KIND    FILE...'": the first file, and whether it is a program for this machine. */
static char *read_quiet(struct text command, gboolean *host)
{
	struct text rest = {command.start + strlen("echo '"), command.length - strlen("echo ''")};
	struct text kind = {0}, target = {0};

	shell_word(&rest, &kind);
	shell_word(&rest, &target);
	if (text_equals(target, "[M]"))
		shell_word(&rest, &target);
	*host = text_starts(kind, "HOST");
	/* "x.asn1.[ch]" are both x.asn1.c and x.asn1.h */
	if (text_ends(target, "[ch]"))
		return g_strdup_printf("%.*sc", (int)(target.length - strlen("[ch]")),
				       target.start);
	return text_copy(target);
}

/* trap "rm -f DIRECTORY/.FILE.tmp" EXIT, as filechk writes it */
static char *read_filechk(struct text command)
{
	static const char before[] = "trap \"rm -f ", after[] = ".tmp\" EXIT";

	if (!text_starts(command, before) || !text_ends(command, after))
		return NULL;
	g_autofree char *path = g_strndup(command.start + strlen(before),
					  command.length - strlen(before) - strlen(after));
	g_autofree char *directory = g_path_get_dirname(path);
	g_autofree char *base = g_path_get_basename(path);
	return *base == '.' ? g_build_filename(directory, base + 1, NULL) : NULL;
}

/* What follows in a line repeats it, for make's own record. */
static gboolean is_record(struct text command)
{
	return text_starts(command, "scripts/basic/fixdep ") ||
	       text_starts(command, "printf '%s\\n' 'cmd_") ||
	       text_starts(command, "printf '%s\\n' 'savedcmd_");
}

static void add_generator(struct recipes *recipes, struct text line, const char *target,
			  gboolean host)
{
	g_autofree char *path = g_build_filename(recipes->build, target, NULL);
	struct generator *generator;

	if (!access(path, F_OK))
		return;
	generator = g_new0(struct generator, 1);
	generator->line = text_copy(line);
	generator->target = g_strdup(target);
	generator->host = host;
	g_ptr_array_add(recipes->generators, generator);
}

static void read_line(struct recipes *recipes, struct text line)
{
	struct text rest = line, command, commands = {line.start, 0}, written = {0};
	g_autofree char *target = NULL;
	gboolean host = FALSE;

	while (shell_command(&rest, &command) && !is_record(command)) {
		commands.length = command.start + command.length - line.start;
		if (text_starts(command, "echo '  ") && !target) {
			target = read_quiet(command, &host);
		} else if (text_starts(command, "trap ")) {
			if (!target)
				target = read_filechk(command);
		} else {
			read_command(recipes, command);
			written = redirection(command);
		}
	}
	if (!target)
		target = text_copy(written);
	struct text file = {target, strlen(target)};
	if (host || (is_source(file) && !reads_objects(commands)))
		add_generator(recipes, line, target, host);
}

/* A whole line of make's output, without its newline. */
static void take_line(struct recipes *recipes, struct text line)
{
	g_autoptr(GString) moved = NULL;

	if (recipes->external) {
		moved = g_string_new_len(line.start, line.length);
		g_string_replace(moved, recipes->external, recipes->external_as, 0);
		line = (struct text){moved->str, moved->len};
	}
	read_line(recipes, line);
}

void recipes_line(struct recipes *recipes, const char *line, gsize length)
{
	if (length && line[length - 1] == '\n')
		length--;
	if (length && line[length - 1] == '\\') {
		g_string_append_len(recipes->pending, line, length);
		g_string_append_c(recipes->pending, '\n');
		return;
	}
	if (!recipes->pending->len) {
		take_line(recipes, (struct text){line, length});
		return;
	}
	g_string_append_len(recipes->pending, line, length);
	take_line(recipes, (struct text){recipes->pending->str, recipes->pending->len});
	g_string_truncate(recipes->pending, 0);
}

/* The number + 1 of the objtool command that is run on a unit or on what it is linked into. */
static guint objtool_number(const struct recipes *recipes, const struct unit_recipe *unit,
			    const char *object)
{
	const char *linked = g_hash_table_lookup(recipes->linked, object);
	gpointer number = g_hash_table_lookup(recipes->objtool_of, unit->output);

	if (!number && linked)
		number = g_hash_table_lookup(recipes->objtool_of, linked);
	if (!number && !strcmp(object, "vmlinux"))
		return recipes->delayed;
	return GPOINTER_TO_UINT(number);
}

static void write_unit(const struct recipes *recipes, const struct unit_recipe *unit,
		       const char *object, GString *text)
{
	guint objtool = objtool_number(recipes, unit, object);

	g_string_append_printf(text, "unit\t%s\t%s\t%s\t%u\t%s\t",
			       below_source(recipes, unit->output), unit->source, object,
			       unit->command, unit->arguments);
	if (objtool)
		g_string_append_printf(text, "%u\n", objtool - 1);
	else
		g_string_append(text, "-\n");
}

static gboolean fail(const char *where, const char *why, GError **error)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, "the kernel's commands can't be listed", where, NULL,
		    "%s", why);
	return FALSE;
}

static gboolean write_units(const struct recipes *recipes, GString *text, GError **error)
{
	for (guint i = 0; i < recipes->units->len; i++) {
		const struct unit_recipe *unit = g_ptr_array_index(recipes->units, i);
		const GPtrArray *objects = g_hash_table_lookup(recipes->objects_of, unit->output);

		if (!objects && unit->module)
			return fail(unit->output, "make -n names no module that it is part of",
				    error);
		if (!objects)
			write_unit(recipes, unit, "-", text);
		for (guint j = 0; objects && j < objects->len; j++)
			write_unit(recipes, unit, g_ptr_array_index(objects, j), text);
	}
	return TRUE;
}

static void write_strings(const char *kind, const struct strings *strings, GString *text)
{
	for (guint i = 0; i < strings->texts->len; i++)
		g_string_append_printf(text, "%s\t%s\n", kind,
				       (char *)g_ptr_array_index(strings->texts, i));
}

GString *recipes_database(const struct recipes *recipes, GError **error)
{
	g_autoptr(GString) text = g_string_new(format);

	if (!recipes->units->len) {
		fail(NULL, "make -n names no unit", error);
		return NULL;
	}
	g_string_append_c(text, '\n');
	write_strings("compile", &recipes->commands, text);
	write_strings("objtool", &recipes->objtools, text);
	g_string_append_len(text, recipes->taken->str, recipes->taken->len);
	if (!write_units(recipes, text, error))
		return NULL;
	return g_steal_pointer(&text);
}

/* A program is of use only to a rule that names it. */
static gboolean is_used(const struct generator *program, const GPtrArray *later)
{
	for (guint i = 0; i < later->len; i++)
		if (strstr(((struct generator *)later->pdata[i])->line, program->target))
			return TRUE;
	return FALSE;
}

GPtrArray *recipes_generators(const struct recipes *recipes)
{
	g_autoptr(GPtrArray) kept = g_ptr_array_new();
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = recipes->generators->len; i-- > 0;) {
		struct generator *generator = g_ptr_array_index(recipes->generators, i);

		if (!generator->host || is_used(generator, kept))
			g_ptr_array_add(kept, generator);
	}
	for (guint i = kept->len; i-- > 0;)
		g_ptr_array_add(lines, g_strdup(((struct generator *)kept->pdata[i])->line));
	return lines;
}
