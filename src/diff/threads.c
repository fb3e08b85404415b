/*
 * Bodies of kernel threads: a task is moved to the new code when no replaced function is on its
 * stack, and the body of a thread that loops is there until the thread ends.
 */
#include "diff/comparison.h"

/* Who asks whether its thread is to end does so in a loop. */
static const char *const questions[] = {"kthread_should_stop", "kthread_freezable_should_stop",
					"kthread_should_park"};

static void note_askers(struct comparison *comparison, const struct entity *question,
			GHashTable *noted)
{
	for (guint i = 0; question->uses && i < question->uses->len; i++) {
		const struct use *use = &g_array_index(question->uses, struct use, i);
		struct entity *asker = use_owner(use);

		if (!asker || !asker->twin || !asker->twin->why || !g_hash_table_add(noted, asker))
			continue;
		note(comparison,
		     "%s may run for as long as a kernel thread: the transition waits for threads "
		     "that "
		     "are in it",
		     asker->symbol->name);
	}
}

void note_threads(struct comparison *comparison)
{
	g_autoptr(GHashTable) noted = g_hash_table_new(NULL, NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(questions); i++) {
		const struct entity *question =
			g_hash_table_lookup(comparison->original->by_name, questions[i]);

		if (question)
			note_askers(comparison, question, noted);
	}
}
