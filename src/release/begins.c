/*
 * What objects that were made before a change do not have: a member that it begins to initialise, a
 * struct of its own around them.  What relies on it, an empty list that is told from one of zeros
 * say, would go wrong with them, and no layout tells.
 */
#include <string.h>

#include "release/cutting.h"

/* What makes a zeroed member usable; an object can be used without only where nothing needs it. */
static const char *const initialisers[] = {
	"INIT_DELAYED_WORK",
	"INIT_HLIST_HEAD",
	"INIT_HLIST_NODE",
	"INIT_KFIFO",
	"INIT_LIST_HEAD",
	"INIT_RCU_WORK",
	"INIT_WORK",
	"bio_list_init",
	"hrtimer_init",
	"ida_init",
	"idr_init",
	"init_completion",
	"init_irq_work",
	"init_llist_head",
	"init_rcu_head",
	"init_rwsem",
	"init_srcu_struct",
	"init_swait_queue_head",
	"init_waitqueue_head",
	"kref_init",
	"kthread_init_work",
	"mutex_init",
	"percpu_counter_init",
	"raw_spin_lock_init",
	"rb_init_node",
	"refcount_set",
	"rwlock_init",
	"sema_init",
	"seqcount_init",
	"seqlock_init",
	"skb_queue_head_init",
	"spin_lock_init",
	"tasklet_init",
	"tasklet_setup",
	"timer_setup",
	"u64_stats_init",
	"xa_init",
	"xa_init_flags",
};

gboolean word_initialises(const struct word *word)
{
	return word_calls(word, initialisers, G_N_ELEMENTS(initialisers));
}

static gboolean initialises(const struct outline *outline, const struct word *initialiser,
			    const struct word *member)
{
	for (guint i = 0; i < outline->words->len; i++) {
		const struct word *word = &g_array_index(outline->words, struct word, i);
		const struct word *other =
			words_equal(word, initialiser) ? outline_member_of_call(outline, i) : NULL;

		if (other && words_equal(other, member))
			return TRUE;
	}
	return FALSE;
}

static char *begins_to_initialise(const struct cutting *cutting, guint call)
{
	const struct outline *original = cutting->outlines[ORIGINAL];
	const struct outline *patched = cutting->outlines[PATCHED];
	const struct word *word = &g_array_index(patched->words, struct word, call);
	const struct word *member =
		word_initialises(word) ? outline_member_of_call(patched, call) : NULL;

	/* A member that is new is a matter of the layout. */
	if (!member || !outline_has(original, member, WORD_MEMBER) ||
	    initialises(original, word, member))
		return NULL;
	return g_strdup_printf("it begins to initialise %.*s, and objects that are there already "
			       "were made without",
			       (int)member->length, member->at);
}

/* What a task gets by is made by who queues it: with the change, new ones. */
static gboolean is_queued(const struct word *member)
{
	static const char *const kinds[] = {"work", "timer", "rcu", "list", "node", "kref"};

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_strstr_len(member->at, member->length, kinds[i]))
			return TRUE;
	return FALSE;
}

/* container_of(object, struct new, member) */
static char *begins_to_surround(const struct cutting *cutting, guint call)
{
	static const char name[] = "container_of";
	const GArray *words = cutting->outlines[PATCHED]->words;
	const struct word *word = &g_array_index(words, struct word, call);
	guint tag = call + 1;

	if (word->length < strlen(name) || memcmp(word->at, name, strlen(name)))
		return NULL;
	while (tag < words->len && g_array_index(words, struct word, tag).step == word->step &&
	       !(g_array_index(words, struct word, tag).flags & WORD_TAG))
		tag++;
	if (tag + 1 >= words->len || g_array_index(words, struct word, tag).step != word->step)
		return NULL;
	word = &g_array_index(words, struct word, tag);
	if (outline_has(cutting->outlines[ORIGINAL], word, 0) || is_queued(word + 1))
		return NULL;
	return g_strdup_printf(
		"it takes objects for a part of struct %.*s, which is new, and those "
		"that are there already are none",
		(int)word->length, word->at);
}

static void read_call(struct cutting *cutting, struct part *part, guint call)
{
	if (!part->begins)
		part->begins = begins_to_initialise(cutting, call);
	if (!part->begins)
		part->begins = begins_to_surround(cutting, call);
}

void cutting_find_begins(struct cutting *cutting)
{
	cutting_read_new_calls(cutting, read_call);
}
