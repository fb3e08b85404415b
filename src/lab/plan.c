/*
 * Plans: read, composed, and written for the guest.
 */
#include "lab/plan.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"

/* A name becomes that of a file in the machine: MODULE_NAME_LEN is a good length for it. */
#define LONGEST_NAME 55

#define MOST_TIMES 1000

struct parser {
	struct plan *plan;
	guint number; /* of the line */
	guint times;  /* that the lines since `repeat` are wanted; 0: there was none */
	guint first;  /* of them, in their step */
};

enum { ONE_FILE = 1, EACH_WORD = 2, WHOLE_LINE = 4, IS_MODULE = 8, IS_PAIR = 16 };

static const struct declaration {
	const char *name;
	enum plan_kind kind;
	guint flags;
} declarations[] = {
	{"livepatch", PLAN_LIVEPATCH, IS_MODULE},
	{"module", PLAN_MODULE, ONE_FILE | IS_MODULE},
	{"modules", PLAN_KERNEL_MODULE, EACH_WORD | IS_MODULE},
	{"follow", PLAN_FOLLOW, IS_PAIR},
	{"make", PLAN_MADE, 0},
	{"file", PLAN_FILE, WHOLE_LINE},
	{"disk", PLAN_DISK, WHOLE_LINE},
	{"device", PLAN_DEVICE, WHOLE_LINE},
	{"boot", PLAN_BOOT, WHOLE_LINE},
};

enum {
	WANTS_ONE = 1, /* arguments, at least so many */
	WANTS_TWO = 2,
	WANTS_THREE = 3,
	WANTS = 3,
	NAMES_OBJECT = 4,	 /* the first is a module's name */
	NAMES_LIVEPATCH = 8,	 /* it is that of a livepatch */
	MAY_NAME_LIVEPATCH = 16, /* there may be a second one, which is */
	CAN_BEGIN = 32,
	CAN_BE_REFUSED = 64,
};

static const struct verb {
	const char *name;
	guint flags;
} verbs[] = {
	{"load", WANTS_ONE | NAMES_OBJECT | CAN_BEGIN | CAN_BE_REFUSED},
	{"unload", WANTS_ONE | NAMES_OBJECT | CAN_BE_REFUSED},
	{"disable", WANTS_ONE | NAMES_OBJECT | NAMES_LIVEPATCH | CAN_BEGIN},
	{"settle", WANTS_ONE | NAMES_OBJECT | NAMES_LIVEPATCH},
	{"force", WANTS_ONE | NAMES_OBJECT | NAMES_LIVEPATCH},
	{"patched", WANTS_ONE | NAMES_OBJECT | MAY_NAME_LIVEPATCH},
	{"unpatched", WANTS_ONE | NAMES_OBJECT | MAY_NAME_LIVEPATCH},
	{"run", WANTS_ONE | CAN_BEGIN},
	{"expect", WANTS_ONE},
	{"stop", WANTS_ONE},
	{"read", WANTS_ONE},
	{"gone", WANTS_ONE},
	{"behaves", WANTS_TWO},
	{"turns", WANTS_THREE},
	{"write", WANTS_TWO | CAN_BE_REFUSED},
	{"mount", WANTS_THREE | CAN_BE_REFUSED},
	{"umount", WANTS_ONE},
	{"plug", WANTS_ONE},
	{"unplug", WANTS_ONE},
	{"log", WANTS_ONE},
	{"learn", 0},
	{"unchecked", 0},
	{"wait", WANTS_ONE},
};

/* What may stand before a verb. */
static const struct prefix {
	const char *name;
	guint flag; /* that the verb has then */
	const char *fault;
} prefixes[] = {
	{"begin", CAN_BEGIN, "this verb can't be begun only"},
	{"refused", CAN_BE_REFUSED, "this verb can't be expected to be refused"},
};

static void item_free(gpointer data)
{
	struct plan_item *item = data;

	g_free(item->name);
	g_free(item->rest);
	g_free(item->path);
	g_free(item);
}

static void line_free(gpointer data)
{
	struct plan_line *line = data;

	g_free(line->text);
	g_free(line);
}

static void step_free(gpointer data)
{
	struct plan_step *step = data;

	g_free(step->text);
	g_ptr_array_unref(step->lines);
	g_free(step);
}

static void word_free(gpointer data)
{
	struct plan_word *word = data;

	g_free(word->text);
	g_free(word);
}

struct plan *plan_new(const char *name)
{
	struct plan *plan = g_new0(struct plan, 1);

	plan->name = g_strdup(name);
	plan->items = g_ptr_array_new_with_free_func(item_free);
	plan->steps = g_ptr_array_new_with_free_func(step_free);
	return plan;
}

void plan_free(struct plan *plan)
{
	g_free(plan->name);
	g_ptr_array_unref(plan->items);
	g_ptr_array_unref(plan->steps);
	g_free(plan);
}

struct plan_item *plan_declare(struct plan *plan, enum plan_kind kind, const char *name,
			       const char *rest)
{
	struct plan_item *item = g_new0(struct plan_item, 1);

	item->kind = kind;
	item->name = g_strdup(name);
	item->rest = g_strdup(rest);
	g_ptr_array_add(plan->items, item);
	return item;
}

struct plan_step *plan_add_step(struct plan *plan, const char *format, ...)
{
	struct plan_step *step = g_new0(struct plan_step, 1);
	va_list arguments;

	va_start(arguments, format);
	step->text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	step->lines = g_ptr_array_new_with_free_func(line_free);
	g_ptr_array_add(plan->steps, step);
	return step;
}

static void add_line(struct plan_step *step, guint number, char *text)
{
	struct plan_line *line = g_new0(struct plan_line, 1);

	line->number = number;
	line->text = text;
	g_ptr_array_add(step->lines, line);
}

void plan_add_line(struct plan_step *step, const char *verb, const char *argument)
{
	add_line(step, 0, g_strjoin(" ", verb, argument, NULL));
}

struct plan_item *plan_item(const struct plan *plan, enum plan_kind kind, const char *name)
{
	for (guint i = 0; i < plan->items->len; i++) {
		struct plan_item *item = g_ptr_array_index(plan->items, i);

		if (item->kind == kind && !strcmp(item->name, name))
			return item;
	}
	return NULL;
}

char *plan_path(const struct plan *plan, const char *file)
{
	const struct plan_item *made = plan_item(plan, PLAN_MADE, file);
	g_autofree char *directory = NULL;

	if (made && made->path)
		return g_strdup(made->path);
	if (g_path_is_absolute(file))
		return g_strdup(file);
	directory = g_path_get_dirname(plan->name);
	return g_build_filename(directory, file, NULL);
}

char *plan_item_path(const struct plan *plan, const struct plan_item *item)
{
	if (item->path)
		return g_strdup(item->path);
	return plan_path(plan, *item->rest ? item->rest : item->name);
}

gboolean plan_item_is_built(const struct plan_item *item)
{
	return item->kind == PLAN_LIVEPATCH && !item->path && !g_str_has_suffix(item->rest, ".ko");
}

gboolean plan_has_devices(const struct plan *plan)
{
	g_autoptr(GPtrArray) plugged = plan_words(plan, "plug");

	for (guint i = 0; i < plan->items->len; i++) {
		const struct plan_item *item = g_ptr_array_index(plan->items, i);

		if (item->kind == PLAN_DEVICE)
			return TRUE;
	}
	return plugged->len > 0;
}

void plan_blame(const struct plan *plan, guint line, const char *why, const char *hint,
		GError **error)
{
	g_autofree char *where =
		line ? g_strdup_printf("%s:%u", plan->name, line) : g_strdup(plan->name);

	klatch_fail(error, KLATCH_INPUT, "the scenario can't be read", where, hint, "%s", why);
}

static char *skip_blanks(char *text)
{
	return text + strspn(text, " \t");
}

/* Cuts the first word off a line. */
static char *cut_word(char **line)
{
	char *word = *line, *end = word + strcspn(word, " \t");

	*line = skip_blanks(end);
	*end = '\0';
	return word;
}

/* Modules are named as the kernel names them.  Only so many words of a text are such names. */
static void normalise_names(char *text, guint words)
{
	for (guint i = 0; i < words; i++) {
		char *end = text + strcspn(text, " \t");

		for (; text < end; text++)
			if (*text == '-')
				*text = '_';
		text = skip_blanks(end);
	}
}

static guint count_words(char *text)
{
	guint count = 0;

	for (; *text; count++)
		text = skip_blanks(text + strcspn(text, " \t"));
	return count;
}

static gboolean name_is_good(const char *name)
{
	gsize length = strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_.-");

	return !name[length] && length <= LONGEST_NAME && *name != '.';
}

static const struct plan_item *find_name(const struct plan *plan, const char *name)
{
	static const enum plan_kind kinds[] = {PLAN_LIVEPATCH, PLAN_MODULE, PLAN_MADE};
	const struct plan_item *item = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(kinds) && !item; i++)
		item = plan_item(plan, kinds[i], name);
	return item;
}

/* "NAME REST" of a livepatch, a module, a file to make. */
static const char *declare_name(struct parser *parser, const struct declaration *declaration,
				char *text)
{
	char *name = cut_word(&text);

	if (declaration->flags & IS_MODULE)
		normalise_names(name, 1);
	if (!name_is_good(name))
		return "a name has letters, digits, '_' and '-', and is not too long";
	if (find_name(parser->plan, name))
		return "there is something of this name already";
	if (!*text)
		return "something has to stand behind the name: what it is";
	if (declaration->flags & ONE_FILE && count_words(text) > 1)
		return "it is one file";
	plan_declare(parser->plan, declaration->kind, name, text)->line = parser->number;
	return NULL;
}

static const char *declare_each(struct parser *parser, const struct declaration *declaration,
				char *text)
{
	while (*text) {
		char *name = cut_word(&text);

		normalise_names(name, 1);
		plan_declare(parser->plan, declaration->kind, name, "")->line = parser->number;
	}
	return NULL;
}

/* "MODULE LIVEPATCH" */
static const char *declare_pair(struct parser *parser, const struct declaration *declaration,
				char *text)
{
	char *name;

	normalise_names(text, 2);
	name = cut_word(&text);
	if (!plan_item(parser->plan, PLAN_LIVEPATCH, text))
		return "no livepatch of that name is declared";
	if (plan_item(parser->plan, declaration->kind, name))
		return "one livepatch follows a module";
	plan_declare(parser->plan, declaration->kind, name, text)->line = parser->number;
	return NULL;
}

static const char *declare(struct parser *parser, const struct declaration *declaration, char *text)
{
	if (parser->plan->steps->len)
		return "what is in the machine is declared before the first step";
	if (!*text)
		return "something has to stand behind it";
	if (declaration->flags & WHOLE_LINE) {
		plan_declare(parser->plan, declaration->kind, text, "")->line = parser->number;
		return NULL;
	}
	if (declaration->flags & EACH_WORD)
		return declare_each(parser, declaration, text);
	if (declaration->flags & IS_PAIR)
		return declare_pair(parser, declaration, text);
	return declare_name(parser, declaration, text);
}

static const struct verb *find_verb(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

static const struct prefix *find_prefix(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
		if (!strcmp(name, prefixes[i].name))
			return &prefixes[i];
	return NULL;
}

/* Whether a word of the arguments, if it is there, names a livepatch. */
static gboolean names_livepatch(const struct plan *plan, const char *arguments, guint index)
{
	g_auto(GStrv) words = g_strsplit_set(arguments, " \t", -1);
	guint count = 0;

	for (guint i = 0; words[i]; i++)
		if (*words[i] && count++ == index)
			return plan_item(plan, PLAN_LIVEPATCH, words[i]) != NULL;
	return TRUE;
}

static const char *check_arguments(struct parser *parser, const struct verb *verb, char *arguments)
{
	guint wanted = verb->flags & WANTS;

	if (count_words(arguments) < wanted)
		return wanted == 1 ? "this verb wants an argument"
				   : "this verb wants more arguments";
	if (!wanted && *arguments)
		return "this verb has no argument";
	if (verb->flags & NAMES_OBJECT)
		normalise_names(arguments, verb->flags & MAY_NAME_LIVEPATCH ? 2 : 1);
	if ((verb->flags & NAMES_LIVEPATCH && !names_livepatch(parser->plan, arguments, 0)) ||
	    (verb->flags & MAY_NAME_LIVEPATCH && !names_livepatch(parser->plan, arguments, 1)))
		return "no livepatch of that name is declared";
	return NULL;
}

static const char *add_verb(struct parser *parser, const char *word, char *arguments)
{
	GPtrArray *steps = parser->plan->steps;
	const struct prefix *prefix = find_prefix(word);
	const struct verb *verb;
	const char *fault;

	if (!steps->len)
		return "it begins with what is in the machine, or with a step";
	if (prefix)
		word = cut_word(&arguments);
	verb = find_verb(word);
	if (!verb)
		return "there is no such verb";
	if (prefix && !(verb->flags & prefix->flag))
		return prefix->fault;
	fault = check_arguments(parser, verb, arguments);
	if (!fault)
		add_line(g_ptr_array_index(steps, steps->len - 1), parser->number,
			 g_strconcat(prefix ? prefix->name : "", prefix ? " " : "", word,
				     *arguments ? " " : "", arguments, NULL));
	return fault;
}

/* The step that is being read, or NULL. */
static struct plan_step *current_step(const struct parser *parser)
{
	GPtrArray *steps = parser->plan->steps;

	return steps->len ? g_ptr_array_index(steps, steps->len - 1) : NULL;
}

static const char *begin_repeat(struct parser *parser, const char *times)
{
	const struct plan_step *step = current_step(parser);
	guint64 number;

	if (!step || parser->times)
		return "something is repeated within a step, and not within a repetition";
	if (!g_ascii_string_to_unsigned(times, 10, 1, MOST_TIMES, &number, NULL))
		return "repeat wants a number, up to 1000";
	parser->times = (guint)number;
	parser->first = step->lines->len;
	return NULL;
}

static const char *end_repeat(struct parser *parser)
{
	struct plan_step *step = current_step(parser);
	guint end = step ? step->lines->len : 0;

	if (!parser->times)
		return "nothing is repeated here";
	for (; parser->times > 1; parser->times--)
		for (guint i = parser->first; i < end; i++) {
			const struct plan_line *line = g_ptr_array_index(step->lines, i);

			add_line(step, line->number, g_strdup(line->text));
		}
	parser->times = 0;
	return NULL;
}

static const char *begin_step(struct parser *parser, const char *text)
{
	if (parser->times)
		return "the repetition above has no end";
	plan_add_step(parser->plan, "%s", text);
	return *text ? NULL : "a step has a text";
}

/* Adds what a line says.  Returns what is wrong with it, or NULL. */
static const char *parse_line(struct parser *parser, char *line)
{
	const char *word = cut_word(&line);

	if (!strcmp(word, "step"))
		return begin_step(parser, line);
	if (!strcmp(word, "repeat"))
		return begin_repeat(parser, line);
	if (!strcmp(word, "end"))
		return end_repeat(parser);
	for (gsize i = 0; i < G_N_ELEMENTS(declarations); i++)
		if (!strcmp(word, declarations[i].name))
			return declare(parser, &declarations[i], line);
	return add_verb(parser, word, line);
}

struct plan *plan_parse(const char *text, const char *name, const char *livepatch, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	AUTO(plan) plan = plan_new(name);
	struct parser parser = {.plan = plan};
	const char *fault = NULL;

	if (livepatch)
		plan_declare(plan, PLAN_LIVEPATCH, "livepatch", "")->path = g_strdup(livepatch);
	for (guint i = 0; lines[i] && !fault; i++) {
		char *line = g_strstrip(lines[i]);

		parser.number = i + 1;
		if (!g_utf8_validate(line, -1, NULL))
			fault = "this is no UTF-8 text";
		else if (*line && *line != '#')
			fault = parse_line(&parser, line);
	}
	if (!fault && parser.times)
		fault = "the repetition has no end";
	if (!fault && !plan->steps->len)
		fault = "it has no step";
	if (!fault)
		return g_steal_pointer(&plan);
	plan_blame(plan, parser.number, fault, "see klatch-lab(1)", error);
	return NULL;
}

struct plan *plan_read(const char *path, const char *livepatch, GError **error)
{
	g_autofree char *text = files_read_text(path, error);

	return text ? plan_parse(text, path, livepatch, error) : NULL;
}

char *plan_text(const struct plan *plan)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < plan->steps->len; i++) {
		const struct plan_step *step = g_ptr_array_index(plan->steps, i);

		g_string_append_printf(text, "step %s\n", step->text);
		for (guint j = 0; j < step->lines->len; j++) {
			const struct plan_line *line = g_ptr_array_index(step->lines, j);

			g_string_append_printf(text, "%s\n", line->text);
		}
	}
	return g_string_free(text, FALSE);
}

static gboolean has_word(const GPtrArray *words, const char *text)
{
	for (guint i = 0; i < words->len; i++) {
		const struct plan_word *word = g_ptr_array_index(words, i);

		if (!strcmp(word->text, text))
			return TRUE;
	}
	return FALSE;
}

/* The first argument of a line if it has that verb. */
static void add_argument(GPtrArray *words, const struct plan_line *line, const char *verb)
{
	g_autofree char *text = g_strdup(line->text);
	char *rest = text, *word = cut_word(&rest);

	if (find_prefix(word))
		word = cut_word(&rest);
	if (strcmp(word, verb))
		return;
	word = cut_word(&rest);
	if (*word && !has_word(words, word)) {
		struct plan_word *found = g_new0(struct plan_word, 1);

		found->text = g_strdup(word);
		found->line = line->number;
		g_ptr_array_add(words, found);
	}
}

GPtrArray *plan_words(const struct plan *plan, const char *verb)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(word_free);

	for (guint i = 0; i < plan->steps->len; i++) {
		const struct plan_step *step = g_ptr_array_index(plan->steps, i);

		for (guint j = 0; j < step->lines->len; j++)
			add_argument(words, g_ptr_array_index(step->lines, j), verb);
	}
	return words;
}
