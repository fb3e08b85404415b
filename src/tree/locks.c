/*
 * A call is known by its name, the lock by its first argument: "&", an object, "->" or ".", the
 * member.
 */
#include "tree/locks.h"

#include <string.h>

#include "klatch.h"

/* ---- types ---- */

struct lock_type {
	const char *word; /* before the member's name */
	const char *name;
	enum klatch_lock kind;
};

static const struct lock_type types[] = {
	{"spinlock_t", "spinlock_t", KLATCH_SPINLOCK},
	{"raw_spinlock_t", "raw_spinlock_t", KLATCH_RAW_SPINLOCK},
	{"rwlock_t", "rwlock_t", KLATCH_RWLOCK},
	{"seqcount_t", "seqcount_t", KLATCH_SEQCOUNT},
	{"mutex", "struct mutex", KLATCH_MUTEX},
	{"rw_semaphore", "struct rw_semaphore", KLATCH_RWSEM},
};

const struct lock_type *locks_type(const struct token *word)
{
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (token_is(word, types[i].word))
			return &types[i];
	return NULL;
}

gboolean locks_may_be_new(GHashTable *words)
{
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (g_hash_table_contains(words, types[i].word))
			return TRUE;
	return FALSE;
}

void added_lock_free(struct added_lock *lock)
{
	g_free(lock->structure);
	g_free(lock->member);
	g_free(lock);
}

/* ---- calls ---- */

static const char *const takers[] = {
	"spin_lock",
	"spin_lock_bh",
	"spin_lock_irq",
	"spin_lock_irqsave",
	"spin_trylock",
	"spin_trylock_bh",
	"spin_trylock_irq",
	"spin_trylock_irqsave",
	"raw_spin_lock",
	"raw_spin_lock_bh",
	"raw_spin_lock_irq",
	"raw_spin_lock_irqsave",
	"raw_spin_trylock",
	"raw_spin_trylock_irqsave",
	"read_lock",
	"read_lock_bh",
	"read_lock_irq",
	"read_lock_irqsave",
	"read_trylock",
	"write_lock",
	"write_lock_bh",
	"write_lock_irq",
	"write_lock_irqsave",
	"write_trylock",
	"mutex_lock",
	"mutex_lock_interruptible",
	"mutex_lock_killable",
	"mutex_lock_io",
	"mutex_trylock",
	"down_read",
	"down_read_interruptible",
	"down_read_killable",
	"down_read_trylock",
	"down_write",
	"down_write_killable",
	"down_write_trylock",
	"write_seqcount_begin",
	NULL,
};

static const char *const givers[] = {
	"spin_unlock",
	"spin_unlock_bh",
	"spin_unlock_irq",
	"spin_unlock_irqrestore",
	"raw_spin_unlock",
	"raw_spin_unlock_bh",
	"raw_spin_unlock_irq",
	"raw_spin_unlock_irqrestore",
	"read_unlock",
	"read_unlock_bh",
	"read_unlock_irq",
	"read_unlock_irqrestore",
	"write_unlock",
	"write_unlock_bh",
	"write_unlock_irq",
	"write_unlock_irqrestore",
	"mutex_unlock",
	"up_read",
	"up_write",
	"write_seqcount_end",
	NULL,
};

/* What neither locks nor unlocks, or both. */
static const char *const others[] = {
	"spin_lock_init",
	"raw_spin_lock_init",
	"rwlock_init",
	"seqcount_init",
	"mutex_init",
	"mutex_destroy",
	"init_rwsem",
	"lockdep_assert_held",
	"lockdep_assert_held_read",
	"lockdep_assert_held_write",
	"lockdep_assert_not_held",
	"lockdep_is_held",
	"spin_is_locked",
	"mutex_is_locked",
	"rwsem_is_locked",
	"read_seqcount_begin",
	"read_seqcount_retry",
	"guard",	/* (mutex)(LOCK) */
	"scoped_guard", /* (mutex, LOCK) */
	NULL,
};

/* A call, and the tokens [first, end) of the lock. */
struct call {
	const struct token *first, *end;
	gboolean takes, gives;
};

/* Behind what begins at a token and ends before a comma or a closing parenthesis. */
static const struct token *argument_end(const struct token *at, const struct token *end)
{
	guint depth = 0;

	for (; at < end; at++) {
		if (!depth && (token_is(at, ",") || token_is(at, ")")))
			return at;
		if (token_is(at, "(") || token_is(at, "["))
			depth++;
		else if (token_is(at, ")") || token_is(at, "]"))
			depth--;
	}
	return NULL;
}

/* Whether the call of a lock's function begins at a token. */
static gboolean find_call(const struct token *at, const struct token *end, struct call *call)
{
	gsize skip = 2;

	if (!(at->flags & TOKEN_WORD) || end - at < 3 || !token_is(at + 1, "("))
		return FALSE;
	call->takes = token_in(at, takers);
	call->gives = token_in(at, givers);
	if (!call->takes && !call->gives && !token_in(at, others))
		return FALSE;
	if (token_is(at, "guard"))
		skip = 5;
	else if (token_is(at, "scoped_guard"))
		skip = 4;
	if ((gsize)(end - at) <= skip || !token_is(at + skip - 1, skip == 4 ? "," : "("))
		return FALSE;
	call->first = at + skip;
	call->end = argument_end(call->first, end);
	return call->end != NULL;
}

/* The object of "&OBJECT->MEMBER" or "&OBJECT.MEMBER": its tokens up to *end, and whether it is a
 * pointer.  FALSE if the lock of a call is told otherwise. */
static gboolean find_object(const struct call *call, const struct token **end, gboolean *pointer)
{
	const struct token *member = call->end - 1;

	if (call->end - call->first < 4 || !token_is(call->first, "&") ||
	    !(member->flags & TOKEN_WORD))
		return FALSE;
	*pointer = token_is(member - 1, ">") && token_is(member - 2, "-");
	if (!*pointer && !token_is(member - 1, "."))
		return FALSE;
	*end = member - (*pointer ? 2 : 1);
	return *end > call->first + 1;
}

/* ---- what a text does with a lock ---- */

struct reading {
	const struct added_lock *lock;
	const struct changed_bytes *changed;
	guint mentions, calls;
	gboolean simple;
	GHashTable *told; /* the locks of calls as they are told, of char *, owned; or NULL */
	gboolean changed_only;
};

static gboolean is_member(const struct added_lock *lock, const struct token *token)
{
	return token_is(token, lock->member);
}

/* Whether a token that is not the first is the member of some object. */
static gboolean is_accessed(const struct token *token)
{
	return token_is(token - 1, ".") || token_is(token - 1, ">");
}

gboolean locks_concern(const struct added_lock *lock, const struct changed_text *text)
{
	return memmem(text->patched, text->patched_size, lock->structure,
		      strlen(lock->structure)) != NULL;
}

static void read_statement(const struct statement *statement, gpointer data)
{
	struct reading *reading = data;
	const struct token *end = statement->tokens + statement->count;
	gboolean takes = FALSE, gives = FALSE, pointer;

	for (const struct token *at = statement->tokens; at < end; at++) {
		const struct token *object_end;
		struct call call;

		if (at > statement->tokens && is_member(reading->lock, at) && is_accessed(at) &&
		    changed_has(reading->changed, at->at))
			reading->mentions++;
		if (!find_call(at, end, &call) || !is_member(reading->lock, call.end - 1) ||
		    !changed_has(reading->changed, call.end[-1].at) ||
		    !find_object(&call, &object_end, &pointer))
			continue;
		reading->calls++;
		takes |= call.takes;
		gives |= call.gives;
	}
	reading->simple &= takes == gives;
}

/* The tokens of the lock of a call in a row; caller frees. */
static char *telling(const struct call *call)
{
	GString *text = g_string_new(NULL);

	for (const struct token *at = call->first; at < call->end; at++)
		g_string_append_len(text, at->at, at->length);
	return g_string_free(text, FALSE);
}

static void tell_locks(const struct statement *statement, gpointer data)
{
	struct reading *reading = data;
	const struct token *end = statement->tokens + statement->count;

	for (const struct token *at = statement->tokens; at < end; at++) {
		struct call call;

		if (find_call(at, end, &call) &&
		    (!reading->changed || changed_has(reading->changed, at->at)))
			g_hash_table_add(reading->told, telling(&call));
	}
}

static GHashTable *told_locks(const char *text, gsize size, const struct changed_bytes *changed)
{
	GHashTable *told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct reading reading = {.changed = changed, .told = told};

	statements_read(text, size, tell_locks, &reading);
	return told;
}

/* Whether a lock that old lines lock or unlock is one that the new text knows nothing of. */
static gboolean drops_lock(const struct changed_text *text)
{
	AUTO(changed_bytes) changed = changed_old(text);
	g_autoptr(GHashTable) old = told_locks(text->original, text->original_size, changed);
	g_autoptr(GHashTable) now = told_locks(text->patched, text->patched_size, NULL);
	GHashTableIter iter;
	gpointer lock;

	g_hash_table_iter_init(&iter, old);
	while (g_hash_table_iter_next(&iter, &lock, NULL))
		if (!g_hash_table_contains(now, lock))
			return TRUE;
	return FALSE;
}

/* What may be busy when the kernel side looks for a lock, or makes one. */
static gboolean is_beneath(const char *path)
{
	static const char *const beneath[] = {"mm/",	       "kernel/livepatch/",
					      "kernel/rcu/",   "kernel/locking/",
					      "kernel/sched/", "kernel/trace/"};

	for (gsize i = 0; i < G_N_ELEMENTS(beneath); i++)
		if (g_str_has_prefix(path, beneath[i]))
			return TRUE;
	return FALSE;
}

gboolean locks_are_simple(const struct added_lock *lock, const struct changed_text *text)
{
	AUTO(changed_bytes) changed = changed_new(text);
	struct reading reading = {.lock = lock, .changed = changed, .simple = TRUE};

	statements_read(text->patched, text->patched_size, read_statement, &reading);
	if (reading.mentions != reading.calls || !reading.simple)
		return FALSE;
	return !reading.calls || (!is_beneath(text->path) && !drops_lock(text));
}

/* ---- the new text ---- */

/* The same in each livepatch that has the lock. */
static char *number_of(const struct added_lock *lock)
{
	g_autofree char *name =
		g_strdup_printf("%s %s.%s", lock->type->name, lock->structure, lock->member);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);

	return g_strndup(sum, 16);
}

char *locks_define(const struct added_lock *lock)
{
	g_autofree char *number = number_of(lock);

	return g_strdup_printf(
		" static inline %s *klatch_%s_%s(const %s%s *object) "
		"{ void *" KLATCH_SHADOW_LOCK "(const void *, unsigned long, unsigned int); "
		"return " KLATCH_SHADOW_LOCK "(object, 0x%sUL, %u); }",
		lock->type->name, lock->structure, lock->member, lock->is_typedef ? "" : "struct ",
		lock->structure, number, lock->type->kind);
}

struct rewriting {
	const GPtrArray *locks;
	const struct changed_bytes *changed;
	const char *text;
	GArray *edits;
};

static const struct added_lock *lock_of(const struct rewriting *rewriting,
					const struct token *member)
{
	for (guint i = 0; i < rewriting->locks->len; i++)
		if (is_member(g_ptr_array_index(rewriting->locks, i), member))
			return g_ptr_array_index(rewriting->locks, i);
	return NULL;
}

static void rewrite_call(const struct rewriting *rewriting, const struct call *call)
{
	const struct added_lock *lock = lock_of(rewriting, call->end - 1);
	gsize first = call->first->at - rewriting->text, from, to;
	const struct token *end;
	gboolean pointer;

	if (!lock || !changed_has(rewriting->changed, call->end[-1].at) ||
	    !find_object(call, &end, &pointer))
		return;
	g_autofree char *opening = g_strdup_printf("klatch_%s_%s(%s(", lock->structure,
						   lock->member, pointer ? "" : "&");
	from = end->at - rewriting->text;
	to = call->end[-1].at + call->end[-1].length - rewriting->text;
	edits_add(rewriting->edits, first, 1, opening, strlen(opening));
	edits_add(rewriting->edits, from, to - from, "))", 2);
}

static void rewrite_statement(const struct statement *statement, gpointer data)
{
	const struct token *end = statement->tokens + statement->count;
	struct call call;

	if (statement->kind == STATEMENT_TYPE)
		return;
	for (const struct token *at = statement->tokens; at < end; at++)
		if (find_call(at, end, &call))
			rewrite_call(data, &call);
}

void locks_rewrite(const GPtrArray *locks, const struct changed_text *text, GArray *edits)
{
	AUTO(changed_bytes) changed = changed_new(text);
	g_autoptr(GPtrArray) concerned = g_ptr_array_new();
	struct rewriting rewriting = {concerned, changed, text->patched, edits};

	for (guint i = 0; i < locks->len; i++)
		if (locks_concern(g_ptr_array_index(locks, i), text))
			g_ptr_array_add(concerned, g_ptr_array_index(locks, i));
	if (concerned->len)
		statements_read(text->patched, text->patched_size, rewrite_statement, &rewriting);
}
