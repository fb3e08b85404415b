/*
 * The model: which modules and livepatches are there, and so what every function must do.
 *
 * While a transition is in flight a task runs what it ran before, or what will be after it: which,
 * the kernel tells each task, so both are written down.  When the transition ends is not known
 * here, and no event depends on it but the one that waits for it.
 */
#include "lab/torture_model.h"

#include <string.h>

enum { ABSENT, RIGHT, OTHERS }; /* OTHERS + n: the n-th of the other builds */

enum livepatch_state {
	LIVEPATCH_ABSENT,
	LIVEPATCH_ENABLED, /* or on its way there */
	LIVEPATCH_DISABLING,
	LIVEPATCH_DISABLED, /* it can only be removed */
};

struct model {
	const struct torture_set *set;
	guint *targets; /* the build that is loaded */
	guint *flips;	/* the value that was written last */
	enum livepatch_state *livepatches;
	GArray *stack; /* of guint: the livepatches that are not disabled, as they were enabled */
	gboolean moving;
	guint moves; /* the livepatch in transition */
};

struct model *model_new(const struct torture_set *set)
{
	struct model *model = g_new0(struct model, 1);

	model->set = set;
	model->targets = g_new0(guint, set->targets->len);
	model->flips = g_new0(guint, set->flips->len);
	model->livepatches = g_new0(enum livepatch_state, set->livepatches->len);
	model->stack = g_array_new(FALSE, FALSE, sizeof(guint));
	return model;
}

void model_free(struct model *model)
{
	g_free(model->targets);
	g_free(model->flips);
	g_free(model->livepatches);
	g_array_unref(model->stack);
	g_free(model);
}

static const struct torture_target *target_at(const struct model *model, guint index)
{
	return g_ptr_array_index(model->set->targets, index);
}

static const struct torture_livepatch *livepatch_at(const struct model *model, guint index)
{
	return g_ptr_array_index(model->set->livepatches, index);
}

static const struct torture_failure *failure_at(const struct model *model, guint index)
{
	return g_ptr_array_index(model->set->failures, index);
}

static const struct torture_flip *flip_at(const struct model *model, guint index)
{
	return g_ptr_array_index(model->set->flips, index);
}

static const struct torture_other *other_at(const struct torture_target *target, guint index)
{
	return g_ptr_array_index(target->others, index);
}

/* --- what is possible ------------------------------------------------------------------------ */

static gboolean is_needed(const struct model *model, const struct torture_target *needed)
{
	for (guint i = 0; i < model->set->targets->len; i++)
		if (model->targets[i] != ABSENT &&
		    g_ptr_array_find(target_at(model, i)->needs, needed, NULL))
			return TRUE;
	return FALSE;
}

/* What a target needs is loaded with it, unless another build is in its place. */
static gboolean can_come(const struct model *model, const struct torture_target *target)
{
	for (guint i = 0; i < target->needs->len; i++) {
		const struct torture_target *needed = g_ptr_array_index(target->needs, i);

		if (model->targets[needed->index] >= OTHERS || !can_come(model, needed))
			return FALSE;
	}
	return TRUE;
}

static gboolean can_be_loaded(const struct model *model, const struct torture_target *target)
{
	return model->targets[target->index] == ABSENT && can_come(model, target);
}

static gboolean target_allows(const struct model *model, const struct torture_event *event)
{
	const struct torture_target *target = target_at(model, event->index);
	guint build = model->targets[event->index];

	switch (event->kind) {
	case TORTURE_LOAD:
		return can_be_loaded(model, target);
	case TORTURE_UNLOAD:
		return build != ABSENT && !is_needed(model, target);
	case TORTURE_RELOAD:
		return build == RIGHT && !is_needed(model, target);
	default:
		return event->choice < target->others->len && can_be_loaded(model, target);
	}
}

static gboolean livepatch_allows(const struct model *model, const struct torture_event *event)
{
	enum livepatch_state state = model->livepatches[event->index];
	gboolean moves = model->moving && model->moves == event->index;

	switch (event->kind) {
	case TORTURE_ENABLE:
		return state == LIVEPATCH_ABSENT && !model->moving;
	case TORTURE_DISABLE:
		/* Whether others are gone by now is known only if it has settled. */
		return state == LIVEPATCH_ENABLED &&
		       (!model->moving ||
			(moves && !livepatch_at(model, event->index)->cumulative));
	case TORTURE_SETTLE:
		return moves;
	default:
		return state == LIVEPATCH_DISABLED;
	}
}

gboolean model_allows(const struct model *model, const struct torture_event *event)
{
	switch (event->kind) {
	case TORTURE_FAIL:
		return can_be_loaded(model, failure_at(model, event->index)->target);
	case TORTURE_FLIP:
		return model->targets[flip_at(model, event->index)->target->index] == RIGHT;
	case TORTURE_LOAD:
	case TORTURE_UNLOAD:
	case TORTURE_RELOAD:
	case TORTURE_OTHER:
		return target_allows(model, event);
	default:
		return livepatch_allows(model, event);
	}
}

/* --- what an event changes ------------------------------------------------------------------- */

static void come(struct model *model, const struct torture_target *target, guint build)
{
	for (guint i = 0; i < target->needs->len; i++) {
		const struct torture_target *needed = g_ptr_array_index(target->needs, i);

		if (model->targets[needed->index] == ABSENT)
			come(model, needed, RIGHT);
	}
	model->targets[target->index] = build;
	for (guint i = 0; i < model->set->flips->len; i++)
		if (flip_at(model, i)->target == target)
			model->flips[i] = 0;
}

static void end_livepatch(struct model *model, guint index)
{
	model->livepatches[index] = LIVEPATCH_DISABLED;
	for (guint i = 0; i < model->stack->len; i++)
		if (g_array_index(model->stack, guint, i) == index)
			g_array_remove_index(model->stack, i--);
}

static void settle(struct model *model)
{
	guint index = model->moves;

	model->moving = FALSE;
	if (model->livepatches[index] == LIVEPATCH_DISABLING)
		end_livepatch(model, index);
	else if (livepatch_at(model, index)->cumulative)
		while (model->stack->len > 1)
			end_livepatch(model, g_array_index(model->stack, guint, 0));
}

static void move(struct model *model, guint index, enum livepatch_state state)
{
	if (state == LIVEPATCH_ENABLED)
		g_array_append_val(model->stack, index);
	model->livepatches[index] = state;
	model->moving = TRUE;
	model->moves = index;
}

void model_apply(struct model *model, const struct torture_event *event)
{
	switch (event->kind) {
	case TORTURE_LOAD:
	case TORTURE_RELOAD:
		come(model, target_at(model, event->index), RIGHT);
		break;
	case TORTURE_OTHER:
		come(model, target_at(model, event->index), OTHERS + event->choice);
		break;
	case TORTURE_FAIL:
		/* What it needs has come all the same. */
		come(model, failure_at(model, event->index)->target, ABSENT);
		break;
	case TORTURE_UNLOAD:
		model->targets[event->index] = ABSENT;
		break;
	case TORTURE_FLIP:
		model->flips[event->index] = event->choice;
		break;
	case TORTURE_ENABLE:
		move(model, event->index, LIVEPATCH_ENABLED);
		break;
	case TORTURE_DISABLE:
		move(model, event->index, LIVEPATCH_DISABLING);
		break;
	case TORTURE_SETTLE:
		settle(model);
		break;
	default:
		model->livepatches[event->index] = LIVEPATCH_ABSENT;
	}
}

/* --- what must be seen ----------------------------------------------------------------------- */

static gboolean same_function(const char *word, const char *other)
{
	gsize length = strcspn(word, "=");

	return length == strcspn(other, "=") && !strncmp(word, other, length);
}

static gboolean is_name(const char *name, const char *text, gsize length)
{
	return strlen(name) == length && !strncmp(name, text, length);
}

/* Those of a livepatch take the place of those before it. */
static void replace_words(GPtrArray *shown, char *const *words)
{
	for (; *words; words++)
		for (guint i = 0; i < shown->len; i++)
			if (same_function(shown->pdata[i], *words))
				shown->pdata[i] = *words;
}

static GPtrArray *stock_words(const struct torture_target *target)
{
	GPtrArray *words = g_ptr_array_new();

	for (guint i = 0; target->words[i]; i++)
		g_ptr_array_add(words, target->words[i]);
	return words;
}

/* In what state a flip or a target is, of which a word says "{NAME:..." */
static guint state_of(const struct model *model, const char *name, gsize length)
{
	for (guint i = 0; i < model->set->flips->len; i++)
		if (is_name(flip_at(model, i)->name, name, length))
			return model->flips[i];
	for (guint i = 0; i < model->set->targets->len; i++)
		if (is_name(target_at(model, i)->name, name, length))
			return model->targets[i];
	return 0;
}

/* Adds a word; of "{NAME:A:B}" in it only what the state says. */
static void expand(const struct model *model, const char *word, GString *text)
{
	gsize plain = strcspn(word, "{");

	for (; word[plain]; plain = strcspn(word, "{")) {
		const char *name = word + plain + 1, *value = name + strcspn(name, ":}");
		guint state = state_of(model, name, (gsize)(value - name));

		g_string_append_len(text, word, (gssize)plain);
		for (; *value == ':' && state; state--)
			value += 1 + strcspn(value + 1, ":}");
		if (*value == ':')
			g_string_append_len(text, value + 1, (gssize)strcspn(value + 1, ":}"));
		word = value + strcspn(value, "}");
		word += *word == '}';
	}
	g_string_append(text, word);
}

/* The words of a target under all livepatches of the stack, or all but one. */
static char *show(const struct model *model, const struct torture_target *target, gboolean without,
		  guint left_out)
{
	g_autoptr(GPtrArray) words = stock_words(target);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < model->stack->len; i++) {
		guint index = g_array_index(model->stack, guint, i);
		const struct torture_livepatch *livepatch = livepatch_at(model, index);

		if (without && index == left_out)
			continue;
		if (livepatch->cumulative) {
			g_ptr_array_unref(words);
			words = stock_words(target);
		}
		if (target->index < livepatch->words->len && livepatch->words->pdata[target->index])
			replace_words(words, livepatch->words->pdata[target->index]);
	}
	for (guint i = 0; i < words->len; i++) {
		g_string_append(text, i ? " " : "");
		expand(model, words->pdata[i], text);
	}
	return g_string_free(text, FALSE);
}

static void check_target(const struct model *model, const struct torture_target *target,
			 GString *scenario)
{
	gboolean enabling = model->moving && model->livepatches[model->moves] == LIVEPATCH_ENABLED;
	g_autofree char *before = show(model, target, enabling, model->moves);
	g_autofree char *after = show(model, target, model->moving && !enabling, model->moves);

	if (strcmp(before, after))
		g_string_append_printf(scenario, "\tturns %s %s %s | %s\n", target->file,
				       livepatch_at(model, model->moves)->name, before, after);
	else
		g_string_append_printf(scenario, "\tbehaves %s %s\n", target->file, after);
}

static gboolean replaces_target(const struct torture_livepatch *livepatch, guint target)
{
	return target < livepatch->words->len && livepatch->words->pdata[target];
}

/* Each livepatch that is there says of another build that it is one. */
static void check_other(const struct model *model, const struct torture_target *target,
			GString *scenario)
{
	const struct torture_other *other =
		other_at(target, model->targets[target->index] - OTHERS);

	g_string_append_printf(scenario, "\tbehaves %s", target->file);
	for (guint i = 0; other->words[i]; i++) {
		g_string_append_c(scenario, ' ');
		expand(model, other->words[i], scenario);
	}
	g_string_append_c(scenario, '\n');
	for (guint i = 0; i < model->set->livepatches->len; i++)
		if (model->livepatches[i] != LIVEPATCH_ABSENT &&
		    replaces_target(livepatch_at(model, i), target->index))
			g_string_append_printf(scenario,
					       "\tread /sys/module/%s/parameters/targets %s "
					       "unrecognised\n",
					       livepatch_at(model, i)->name, target->name);
}

void model_write_checks(const struct model *model, GString *scenario)
{
	for (guint i = 0; i < model->set->targets->len; i++) {
		if (model->targets[i] == RIGHT)
			check_target(model, target_at(model, i), scenario);
		else if (model->targets[i] >= OTHERS)
			check_other(model, target_at(model, i), scenario);
	}
}

/* --- what is done ---------------------------------------------------------------------------- */

static void write_target(const struct model *model, const struct torture_event *event,
			 GString *scenario)
{
	const struct torture_target *target = target_at(model, event->index);
	guint build = model->targets[event->index];
	const char *loaded =
		build >= OTHERS ? other_at(target, build - OTHERS)->label : target->name;

	if (event->kind == TORTURE_UNLOAD || event->kind == TORTURE_RELOAD)
		g_string_append_printf(scenario, "\tunload %s\n", loaded);
	if (event->kind == TORTURE_LOAD || event->kind == TORTURE_RELOAD)
		g_string_append_printf(scenario, "\tload %s\n", target->name);
}

static void write_mismatch(const struct model *model, guint livepatch, guint target,
			   GString *scenario)
{
	g_string_append_printf(scenario, "\tlog %s: %s is another build\n",
			       livepatch_at(model, livepatch)->name,
			       target_at(model, target)->name);
}

static void write_other(const struct model *model, const struct torture_event *event,
			GString *scenario)
{
	const struct torture_target *target = target_at(model, event->index);

	g_string_append_printf(scenario, "\tload %s\n", other_at(target, event->choice)->label);
	for (guint i = 0; i < model->set->livepatches->len; i++)
		if (model->livepatches[i] != LIVEPATCH_ABSENT &&
		    replaces_target(livepatch_at(model, i), target->index))
			write_mismatch(model, i, target->index, scenario);
}

static void write_failure(const struct torture_failure *failure, GString *scenario)
{
	g_string_append_printf(scenario, "\trefused load %s\n", failure->load);
	if (failure->says)
		g_string_append_printf(scenario, "\tlog %s\n", failure->says);
}

static void write_flip(const struct torture_flip *flip, guint choice, GString *scenario)
{
	g_string_append_printf(scenario, "\twrite %s %s\n", flip->file, flip->values[choice]);
}

/* A livepatch that comes says so of what is there. */
static void expect_others(const struct model *model, guint livepatch, GString *scenario)
{
	for (guint i = 0; i < model->set->targets->len; i++)
		if (model->targets[i] >= OTHERS &&
		    replaces_target(livepatch_at(model, livepatch), i))
			write_mismatch(model, livepatch, i, scenario);
}

static void write_livepatch(const struct model *model, const struct torture_event *event,
			    GString *scenario)
{
	static const char *const verbs[] = {
		[TORTURE_ENABLE] = "begin load",
		[TORTURE_DISABLE] = "begin disable",
		[TORTURE_SETTLE] = "settle",
		[TORTURE_REMOVE] = "unload",
	};

	g_string_append_printf(scenario, "\t%s %s\n", verbs[event->kind],
			       livepatch_at(model, event->index)->name);
	if (event->kind == TORTURE_ENABLE)
		expect_others(model, event->index, scenario);
}

void model_write_event(const struct model *model, const struct torture_event *event,
		       GString *scenario)
{
	switch (event->kind) {
	case TORTURE_FAIL:
		write_failure(failure_at(model, event->index), scenario);
		break;
	case TORTURE_FLIP:
		write_flip(flip_at(model, event->index), event->choice, scenario);
		break;
	case TORTURE_OTHER:
		write_other(model, event, scenario);
		break;
	case TORTURE_LOAD:
	case TORTURE_UNLOAD:
	case TORTURE_RELOAD:
		write_target(model, event, scenario);
		break;
	default:
		write_livepatch(model, event, scenario);
	}
}

char *model_describe(const struct model *model, const struct torture_event *event)
{
	const char *kind = torture_kind_name(event->kind);

	switch (event->kind) {
	case TORTURE_FAIL:
		return g_strdup_printf("%s %s", kind, failure_at(model, event->index)->load);
	case TORTURE_FLIP:
		return g_strdup_printf("%s %s to %s", kind, flip_at(model, event->index)->name,
				       flip_at(model, event->index)->values[event->choice]);
	case TORTURE_LOAD:
	case TORTURE_UNLOAD:
	case TORTURE_RELOAD:
	case TORTURE_OTHER:
		return g_strdup_printf("%s %s", kind, target_at(model, event->index)->name);
	default:
		return g_strdup_printf("%s %s", kind, livepatch_at(model, event->index)->name);
	}
}
