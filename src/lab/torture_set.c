/*
 * Sets: the lines of torture out of a scenario's declarations.
 */
#include "lab/torture_set.h"

#include <string.h>

#include "base/error.h"

struct parser {
	struct torture_set *set;
	char **words; /* of the line, behind "torture WORD" */
};

static void other_free(gpointer data)
{
	struct torture_other *other = data;

	g_free(other->label);
	g_strfreev(other->words);
	g_free(other);
}

static void target_free(gpointer data)
{
	struct torture_target *target = data;

	g_free(target->name);
	g_free(target->file);
	g_strfreev(target->words);
	g_ptr_array_unref(target->needs);
	g_ptr_array_unref(target->others);
	g_free(target);
}

static void failure_free(gpointer data)
{
	struct torture_failure *failure = data;

	g_free(failure->load);
	g_free(failure->says);
	g_free(failure);
}

static void flip_free(gpointer data)
{
	struct torture_flip *flip = data;

	g_free(flip->name);
	g_free(flip->file);
	g_strfreev(flip->values);
	g_free(flip);
}

static void livepatch_free(gpointer data)
{
	struct torture_livepatch *livepatch = data;

	g_free(livepatch->name);
	g_ptr_array_unref(livepatch->words);
	g_free(livepatch);
}

void torture_set_free(struct torture_set *set)
{
	g_free(set->declarations);
	g_ptr_array_unref(set->targets);
	g_ptr_array_unref(set->failures);
	g_ptr_array_unref(set->flips);
	g_ptr_array_unref(set->livepatches);
	g_ptr_array_unref(set->programs);
	g_free(set);
}

static struct torture_set *set_new(void)
{
	struct torture_set *set = g_new0(struct torture_set, 1);

	set->targets = g_ptr_array_new_with_free_func(target_free);
	set->failures = g_ptr_array_new_with_free_func(failure_free);
	set->flips = g_ptr_array_new_with_free_func(flip_free);
	set->livepatches = g_ptr_array_new_with_free_func(livepatch_free);
	set->programs = g_ptr_array_new_with_free_func(g_free);
	return set;
}

static struct torture_target *find_target(const struct torture_set *set, const char *name)
{
	for (guint i = 0; i < set->targets->len; i++) {
		struct torture_target *target = g_ptr_array_index(set->targets, i);

		if (!strcmp(target->name, name))
			return target;
	}
	return NULL;
}

static struct torture_livepatch *need_livepatch(struct torture_set *set, const char *name)
{
	struct torture_livepatch *livepatch;

	for (guint i = 0; i < set->livepatches->len; i++) {
		livepatch = g_ptr_array_index(set->livepatches, i);
		if (!strcmp(livepatch->name, name))
			return livepatch;
	}
	livepatch = g_new0(struct torture_livepatch, 1);
	livepatch->name = g_strdup(name);
	livepatch->words = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	g_ptr_array_add(set->livepatches, livepatch);
	return livepatch;
}

/* The target that the first word names. */
static struct torture_target *named_target(struct parser *parser)
{
	return find_target(parser->set, parser->words[0]);
}

static const char *const no_target = "there is no such target: torture target comes first";

static const char *add_target(struct parser *parser)
{
	struct torture_target *target;

	if (named_target(parser))
		return "there is such a target already";
	target = g_new0(struct torture_target, 1);
	target->name = g_strdup(parser->words[0]);
	target->file = g_strdup(parser->words[1]);
	target->words = g_strdupv(parser->words + 2);
	target->needs = g_ptr_array_new();
	target->others = g_ptr_array_new_with_free_func(other_free);
	target->index = parser->set->targets->len;
	g_ptr_array_add(parser->set->targets, target);
	return NULL;
}

static const char *add_needs(struct parser *parser)
{
	struct torture_target *target = named_target(parser);

	if (!target)
		return no_target;
	for (guint i = 1; parser->words[i]; i++) {
		struct torture_target *needed = find_target(parser->set, parser->words[i]);

		/* Only those that stood before it: so no target needs itself. */
		if (!needed || needed->index >= target->index)
			return "what a target needs is a target that stands before it";
		g_ptr_array_add(target->needs, needed);
	}
	return NULL;
}

static const char *add_other(struct parser *parser)
{
	struct torture_target *target = named_target(parser);
	struct torture_other *other;

	if (!target)
		return no_target;
	other = g_new0(struct torture_other, 1);
	other->label = g_strdup(parser->words[1]);
	other->words = g_strdupv(parser->words + 2);
	g_ptr_array_add(target->others, other);
	return NULL;
}

static const char *add_failure(struct parser *parser)
{
	struct torture_failure *failure;
	g_autofree char *text = g_strjoinv(" ", parser->words + 1);
	char *says = strstr(text, " | ");

	if (!named_target(parser))
		return no_target;
	failure = g_new0(struct torture_failure, 1);
	failure->target = named_target(parser);
	failure->says = says ? g_strdup(says + strlen(" | ")) : NULL;
	failure->load = g_strndup(text, says ? (gsize)(says - text) : strlen(text));
	g_ptr_array_add(parser->set->failures, failure);
	return NULL;
}

static const char *add_flip(struct parser *parser)
{
	struct torture_target *target = find_target(parser->set, parser->words[1]);
	struct torture_flip *flip;

	if (!target)
		return no_target;
	flip = g_new0(struct torture_flip, 1);
	flip->name = g_strdup(parser->words[0]);
	flip->target = target;
	flip->file = g_strdup(parser->words[2]);
	flip->values = g_strdupv(parser->words + 3);
	g_ptr_array_add(parser->set->flips, flip);
	return NULL;
}

static const char *add_replaces(struct parser *parser)
{
	const struct torture_target *target = find_target(parser->set, parser->words[1]);
	struct torture_livepatch *livepatch;

	if (!target)
		return no_target;
	livepatch = need_livepatch(parser->set, parser->words[0]);
	if (livepatch->words->len <= target->index)
		g_ptr_array_set_size(livepatch->words, (int)target->index + 1);
	if (livepatch->words->pdata[target->index])
		return "there is such a line for this livepatch and target already";
	livepatch->words->pdata[target->index] = g_strdupv(parser->words + 2);
	return NULL;
}

static const char *add_program(struct parser *parser)
{
	g_ptr_array_add(parser->set->programs, g_strjoinv(" ", parser->words));
	return NULL;
}

static const struct {
	const char *name;
	guint words; /* at least so many */
	const char *(*add)(struct parser *parser);
} lines[] = {
	{"target", 3, add_target}, {"needs", 2, add_needs}, {"other", 3, add_other},
	{"fails", 2, add_failure}, {"flip", 5, add_flip},   {"replaces", 3, add_replaces},
	{"run", 1, add_program},
};

static char **split(const char *line)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_auto(GStrv) all = g_strsplit_set(line, " \t", -1);

	for (guint i = 0; all[i]; i++)
		if (*all[i])
			g_ptr_array_add(words, g_strdup(all[i]));
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_steal(words, NULL);
}

/* Adds what a line of torture says.  Returns what is wrong with it, or NULL. */
static const char *parse_line(struct torture_set *set, char **words)
{
	struct parser parser = {set, words + 2};

	for (gsize i = 0; words[1] && i < G_N_ELEMENTS(lines); i++) {
		if (strcmp(words[1], lines[i].name))
			continue;
		return g_strv_length(parser.words) < lines[i].words ? "something is missing in it"
								    : lines[i].add(&parser);
	}
	return "torture is followed by target, needs, other, fails, flip, replaces or run";
}

struct torture_set *torture_parse(const char *text, const char *name, GError **error)
{
	g_auto(GStrv) all = g_strsplit(text, "\n", -1);
	AUTO(torture_set) set = set_new();
	const char *fault = NULL;
	guint number;

	for (number = 0; all[number] && !fault; number++) {
		g_auto(GStrv) words = split(all[number]);

		if (!g_strcmp0(words[0], "livepatch") && words[1])
			need_livepatch(set, words[1])->cumulative =
				!g_strv_contains((const char *const *)words, "--no-replace");
		if (g_strcmp0(words[0], "torture"))
			continue;
		fault = parse_line(set, words);
		*all[number] = '\0'; /* the numbers of the lines stay */
	}
	if (!fault && !set->targets->len)
		fault = "there is no line with torture target";
	if (!fault) {
		set->declarations = g_strjoinv("\n", all);
		return g_steal_pointer(&set);
	}
	klatch_fail(error, KLATCH_INPUT, "the set can't be read", name, "see klatch-lab(1)",
		    "line %u: %s", number, fault);
	return NULL;
}
