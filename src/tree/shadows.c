/*
 * A use is known by the name of the function or macro that is called, and by its arguments: a
 * member is "&", an object, "->" or ".", the member.
 */
#include "tree/shadows.h"

#include <string.h>

#include "klatch.h"

/* ---- types ---- */

struct shadow_type {
	const char *word; /* before the member's name */
	const char *name;
	enum klatch_shadow kind;
	gboolean lock;
};

static const struct shadow_type types[] = {
	{"spinlock_t", "spinlock_t", KLATCH_SPINLOCK, TRUE},
	{"raw_spinlock_t", "raw_spinlock_t", KLATCH_RAW_SPINLOCK, TRUE},
	{"rwlock_t", "rwlock_t", KLATCH_RWLOCK, TRUE},
	{"seqcount_t", "seqcount_t", KLATCH_SEQCOUNT, TRUE},
	{"mutex", "struct mutex", KLATCH_MUTEX, TRUE},
	{"rw_semaphore", "struct rw_semaphore", KLATCH_RWSEM, TRUE},
	{"rcu_head", "struct rcu_head", KLATCH_RCU_HEAD, FALSE},
	{"rcu_work", "struct rcu_work", KLATCH_RCU_WORK, FALSE},
};

const struct shadow_type *shadows_type(const struct token *word)
{
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (token_is(word, types[i].word))
			return &types[i];
	return NULL;
}

gboolean shadows_may_be_new(GHashTable *words)
{
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (g_hash_table_contains(words, types[i].word))
			return TRUE;
	return FALSE;
}

void shadow_free(struct shadow *shadow)
{
	g_free(shadow->structure);
	g_free(shadow->member);
	g_free(shadow);
}

/* ---- uses ---- */

enum effect {
	NEITHER,
	BEGINS, /* what the same function ends: locks, or initialises what is used only then */
	ENDS,
	GUARDS, /* does both, and is no function: guard(mutex)(&o->m), scoped_guard(mutex, &o->m) */
	FREES,	/* (object, member) */
	OWNS,	/* (&o->m, struct S, member), the object of a member */
};

struct row {
	const char *name;
	guint argument; /* which is the member's address */
	enum effect effect;
};

static const struct row rows[] = {
	{"spin_lock", 0, BEGINS},
	{"spin_lock_bh", 0, BEGINS},
	{"spin_lock_irq", 0, BEGINS},
	{"spin_lock_irqsave", 0, BEGINS},
	{"spin_trylock", 0, BEGINS},
	{"spin_trylock_bh", 0, BEGINS},
	{"spin_trylock_irq", 0, BEGINS},
	{"spin_trylock_irqsave", 0, BEGINS},
	{"spin_unlock", 0, ENDS},
	{"spin_unlock_bh", 0, ENDS},
	{"spin_unlock_irq", 0, ENDS},
	{"spin_unlock_irqrestore", 0, ENDS},
	{"spin_lock_init", 0, NEITHER},
	{"spin_is_locked", 0, NEITHER},
	{"raw_spin_lock", 0, BEGINS},
	{"raw_spin_lock_bh", 0, BEGINS},
	{"raw_spin_lock_irq", 0, BEGINS},
	{"raw_spin_lock_irqsave", 0, BEGINS},
	{"raw_spin_trylock", 0, BEGINS},
	{"raw_spin_unlock", 0, ENDS},
	{"raw_spin_unlock_bh", 0, ENDS},
	{"raw_spin_unlock_irq", 0, ENDS},
	{"raw_spin_unlock_irqrestore", 0, ENDS},
	{"raw_spin_lock_init", 0, NEITHER},
	{"read_lock", 0, BEGINS},
	{"read_lock_bh", 0, BEGINS},
	{"read_lock_irq", 0, BEGINS},
	{"read_lock_irqsave", 0, BEGINS},
	{"read_trylock", 0, BEGINS},
	{"read_unlock", 0, ENDS},
	{"read_unlock_bh", 0, ENDS},
	{"read_unlock_irq", 0, ENDS},
	{"read_unlock_irqrestore", 0, ENDS},
	{"write_lock", 0, BEGINS},
	{"write_lock_bh", 0, BEGINS},
	{"write_lock_irq", 0, BEGINS},
	{"write_lock_irqsave", 0, BEGINS},
	{"write_trylock", 0, BEGINS},
	{"write_unlock", 0, ENDS},
	{"write_unlock_bh", 0, ENDS},
	{"write_unlock_irq", 0, ENDS},
	{"write_unlock_irqrestore", 0, ENDS},
	{"rwlock_init", 0, NEITHER},
	{"write_seqcount_begin", 0, BEGINS},
	{"write_seqcount_end", 0, ENDS},
	{"read_seqcount_begin", 0, NEITHER},
	{"read_seqcount_retry", 0, NEITHER},
	{"seqcount_init", 0, NEITHER},
	{"mutex_lock", 0, BEGINS},
	{"mutex_lock_interruptible", 0, BEGINS},
	{"mutex_lock_killable", 0, BEGINS},
	{"mutex_lock_io", 0, BEGINS},
	{"mutex_trylock", 0, BEGINS},
	{"mutex_unlock", 0, ENDS},
	{"mutex_init", 0, NEITHER},
	{"mutex_destroy", 0, NEITHER},
	{"mutex_is_locked", 0, NEITHER},
	{"down_read", 0, BEGINS},
	{"down_read_interruptible", 0, BEGINS},
	{"down_read_killable", 0, BEGINS},
	{"down_read_trylock", 0, BEGINS},
	{"up_read", 0, ENDS},
	{"down_write", 0, BEGINS},
	{"down_write_killable", 0, BEGINS},
	{"down_write_trylock", 0, BEGINS},
	{"up_write", 0, ENDS},
	{"init_rwsem", 0, NEITHER},
	{"rwsem_is_locked", 0, NEITHER},
	{"lockdep_assert_held", 0, NEITHER},
	{"lockdep_assert_held_read", 0, NEITHER},
	{"lockdep_assert_held_write", 0, NEITHER},
	{"lockdep_assert_not_held", 0, NEITHER},
	{"lockdep_is_held", 0, NEITHER},
	{"guard", 0, GUARDS},
	{"scoped_guard", 1, GUARDS},
	{"call_rcu", 0, NEITHER},
	{"call_rcu_hurry", 0, NEITHER},
	{"kfree_rcu", 0, FREES},
	{"kvfree_rcu", 0, FREES},
	{"INIT_RCU_WORK", 0, BEGINS},
	{"queue_rcu_work", 1, ENDS},
	{"container_of", 0, OWNS},
};

/* Tokens [first, end). */
struct part {
	const struct token *first, *end;
};

/* A use: of a member of an object, or for FREES and OWNS of a member by its name. */
struct use {
	const struct token *name;  /* of what is called */
	const struct token *close; /* its last parenthesis */
	enum effect effect;
	struct part argument; /* &object->member; the object itself if it is only named */
	struct part object;   /* nothing if it is only named */
	gboolean pointer;     /* object->member */
	const struct token *member;
};

static const struct row *row_of(const struct token *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (token_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

/* What begins at a token and ends before a comma or a closing parenthesis. */
static gboolean read_part(const struct token *at, const struct token *end, struct part *part)
{
	guint depth = 0;

	for (part->first = at; at < end; at++) {
		if (!depth && (token_is(at, ",") || token_is(at, ")"))) {
			part->end = at;
			return TRUE;
		}
		if (token_is(at, "(") || token_is(at, "["))
			depth++;
		else if (token_is(at, ")") || token_is(at, "]"))
			depth--;
	}
	return FALSE;
}

/* An argument of a call whose first parenthesis is given, as counted from 0. */
static gboolean read_argument(const struct token *open, const struct token *end, guint number,
			      struct part *part)
{
	if (open >= end || !token_is(open, "("))
		return FALSE;
	for (guint i = 0; i <= number; i++) {
		if (!read_part(i ? part->end + 1 : open + 1, end, part) ||
		    (i < number && !token_is(part->end, ",")))
			return FALSE;
	}
	return TRUE;
}

/* Of "&OBJECT->MEMBER" or "&OBJECT.MEMBER". */
static gboolean read_member(struct use *use)
{
	const struct part *argument = &use->argument;
	const struct token *member = argument->end - 1;

	if (argument->end - argument->first < 4 || !token_is(argument->first, "&") ||
	    !(member->flags & TOKEN_WORD))
		return FALSE;
	use->pointer = token_is(member - 1, ">") && token_is(member - 2, "-");
	if (!use->pointer && !token_is(member - 1, "."))
		return FALSE;
	use->member = member;
	use->object.first = argument->first + 1;
	use->object.end = member - (use->pointer ? 2 : 1);
	return use->object.end > use->object.first;
}

/* Of what has the member's name as its last argument. */
static gboolean read_named(struct use *use, const struct token *open, const struct token *end)
{
	struct part name;

	if (!read_argument(open, end, use->effect == OWNS ? 2 : 1, &name) ||
	    name.end - name.first != 1 || !token_is(name.end, ")"))
		return FALSE;
	use->member = name.first;
	use->close = name.end;
	return TRUE;
}

/* The lock of a call that locks or unlocks, however that is told; FALSE if there is no such call.
 */
static gboolean find_argument(const struct token *at, const struct token *end, struct use *use)
{
	const struct row *row = at->flags & TOKEN_WORD ? row_of(at) : NULL;
	const struct token *open = at + 1;

	if (!row)
		return FALSE;
	*use = (struct use){.name = at, .effect = row->effect};
	/* guard(mutex)(LOCK) */
	if (row->effect == GUARDS && !row->argument)
		open += 3;
	return read_argument(open, end, row->argument, &use->argument);
}

/* Whether a use begins at a token. */
static gboolean find_use(const struct token *at, const struct token *end, struct use *use)
{
	if (!find_argument(at, end, use))
		return FALSE;
	return use->effect == FREES || use->effect == OWNS ? read_named(use, at + 1, end)
							   : read_member(use);
}

/* ---- what a text does with a member ---- */

struct reading {
	const struct shadow *shadow;
	const struct changed_bytes *changed; /* NULL: all lines are read */
	guint mentions, uses;
	gboolean simple;
	GHashTable *locks; /* as calls tell them, of char *, owned */
};

static gboolean is_member(const struct shadow *shadow, const struct token *token)
{
	return token_is(token, shadow->member);
}

/* Whether a token that is not the first is the member of some object. */
static gboolean is_accessed(const struct token *token)
{
	return token_is(token - 1, ".") || token_is(token - 1, ">");
}

static gboolean holds(const char *text, gsize size, const char *word)
{
	return memmem(text, size, word, strlen(word)) != NULL;
}

gboolean shadows_know(const struct shadow *shadow, const struct changed_text *text)
{
	return holds(text->original, text->original_size, shadow->member);
}

gboolean shadows_concern(const struct shadow *shadow, const struct changed_text *text)
{
	return holds(text->patched, text->patched_size, shadow->member) &&
	       (shadow->unique || holds(text->patched, text->patched_size, shadow->structure));
}

static void read_statement(const struct statement *statement, gpointer data)
{
	struct reading *reading = data;
	const struct token *end = statement->tokens + statement->count;
	gboolean begins = FALSE, ends = FALSE;

	for (const struct token *at = statement->tokens; at < end; at++) {
		struct use use;

		if (at > statement->tokens && is_member(reading->shadow, at) && is_accessed(at) &&
		    changed_has(reading->changed, at->at))
			reading->mentions++;
		if (!find_use(at, end, &use) || !is_member(reading->shadow, use.member) ||
		    !changed_has(reading->changed, use.member->at))
			continue;
		reading->uses += use.object.first != NULL;
		begins |= use.effect == BEGINS;
		ends |= use.effect == ENDS;
	}
	reading->simple &= begins == ends;
}

gboolean shadows_begin(const struct shadow *shadow, const struct changed_text *text)
{
	if (!holds(text->patched, text->patched_size, shadow->member) || shadows_know(shadow, text))
		return FALSE;

	AUTO(changed_bytes) changed = changed_new(text);
	struct reading reading = {.shadow = shadow, .changed = changed};
	statements_read(text->patched, text->patched_size, read_statement, &reading);
	return reading.mentions > 0;
}

static char *text_of(const struct part *part)
{
	GString *text = g_string_new(NULL);

	for (const struct token *at = part->first; at < part->end; at++)
		g_string_append_len(text, at->at, at->length);
	return g_string_free(text, FALSE);
}

static void add_locks(const struct statement *statement, gpointer data)
{
	struct reading *reading = data;
	const struct token *end = statement->tokens + statement->count;

	for (const struct token *at = statement->tokens; at < end; at++) {
		struct use use;

		if (find_argument(at, end, &use) && use.effect != FREES && use.effect != OWNS &&
		    (!reading->changed || changed_has(reading->changed, at->at)))
			g_hash_table_add(reading->locks, text_of(&use.argument));
	}
}

static GHashTable *locks_of(const char *text, gsize size, const struct changed_bytes *changed)
{
	GHashTable *locks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct reading reading = {.changed = changed, .locks = locks};

	statements_read(text, size, add_locks, &reading);
	return locks;
}

/* Whether a lock that old lines lock or unlock is one that the new text knows nothing of. */
static gboolean drops_lock(const struct changed_text *text)
{
	AUTO(changed_bytes) changed = changed_old(text);
	g_autoptr(GHashTable) old = locks_of(text->original, text->original_size, changed);
	g_autoptr(GHashTable) now = locks_of(text->patched, text->patched_size, NULL);
	GHashTableIter iter;
	gpointer lock;

	g_hash_table_iter_init(&iter, old);
	while (g_hash_table_iter_next(&iter, &lock, NULL))
		if (!g_hash_table_contains(now, lock))
			return TRUE;
	return FALSE;
}

/* What the kernel side may itself need, or be called in the middle of, when it looks for a shadow
 * variable or makes one; what runs in NMIs, too. */
static gboolean is_beneath(const char *path)
{
	static const char *const beneath[] = {"arch/x86/events/",
					      "arch/x86/kernel/",
					      "drivers/acpi/apei/",
					      "include/linux/mm",
					      "kernel/events/",
					      "kernel/livepatch/",
					      "kernel/locking/",
					      "kernel/printk/",
					      "kernel/rcu/",
					      "kernel/sched/",
					      "kernel/time/",
					      "kernel/trace/",
					      "lib/",
					      "mm/"};

	for (gsize i = 0; i < G_N_ELEMENTS(beneath); i++)
		if (g_str_has_prefix(path, beneath[i]))
			return TRUE;
	return FALSE;
}

gboolean shadows_are_simple(const struct shadow *shadow, const struct changed_text *text)
{
	AUTO(changed_bytes) changed = changed_new(text);
	struct reading reading = {.shadow = shadow, .changed = changed, .simple = TRUE};

	statements_read(text->patched, text->patched_size, read_statement, &reading);
	if (reading.mentions != reading.uses || !reading.simple)
		return FALSE;
	return !reading.uses ||
	       (!is_beneath(text->path) && !(shadow->type->lock && drops_lock(text)));
}

/* ---- the new text ---- */

/* The same in each livepatch that has the member. */
static char *number_of(const struct shadow *shadow)
{
	g_autofree char *name =
		g_strdup_printf("%s %s.%s", shadow->type->name, shadow->structure, shadow->member);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);

	return g_strndup(sum, 16);
}

/* Member of an object, object of a member, and free an object by its member. */
#define FIND "klatch_find_%s_%s"
#define OWN  "klatch_own_%s_%s"
#define FREE "klatch_free_%s_%s"

char *shadows_define(const struct shadow *shadow)
{
	const char *tag = shadow->is_typedef ? "" : "struct ", *name = shadow->structure;
	const char *member = shadow->member, *type = shadow->type->name;
	g_autofree char *number = number_of(shadow);
	GString *text = g_string_new(NULL);

	g_string_append_printf(text,
			       "static inline %s *" FIND "(const %s%s *object)\n"
			       "{\n"
			       "	void *" KLATCH_SHADOW
			       "(const void *, unsigned long, unsigned int);\n"
			       "	return " KLATCH_SHADOW "(object, 0x%sUL, %u);\n"
			       "}\n",
			       type, name, member, tag, name, number, shadow->type->kind);
	if (shadow->type->lock)
		return g_string_free(text, FALSE);
	g_string_append_printf(text,
			       "static inline %s%s *" OWN "(const %s *member)\n"
			       "{\n"
			       "	void *" KLATCH_SHADOW_OWNER "(const void *);\n"
			       "	return " KLATCH_SHADOW_OWNER "(member);\n"
			       "}\n",
			       tag, name, name, member, type);
	if (shadow->type->kind == KLATCH_RCU_HEAD)
		g_string_append_printf(text,
				       "static inline void " FREE "(const %s%s *object)\n"
				       "{\n"
				       "	void " KLATCH_SHADOW_FREE
				       "(const void *, unsigned long);\n"
				       "	" KLATCH_SHADOW_FREE "(object, 0x%sUL);\n"
				       "}\n",
				       name, member, tag, name, number);
	return g_string_free(text, FALSE);
}

struct rewriting {
	const GPtrArray *shadows;
	const struct changed_bytes *changed;
	const char *text;
	GArray *edits;
};

/* Puts a text in the place of what begins at a byte and ends before another. */
static void put(const struct rewriting *rewriting, const char *from, const char *to,
		const char *text)
{
	edits_add(rewriting->edits, from - rewriting->text, to - from, text, strlen(text));
}

static const char *token_end(const struct token *token)
{
	return token->at + token->length;
}

static void rewrite_use(const struct rewriting *rewriting, const struct shadow *shadow,
			const struct use *use)
{
	const char *format = use->effect == FREES ? FREE : use->effect == OWNS ? OWN : FIND;
	g_autofree char *function = g_strdup_printf(format, shadow->structure, shadow->member);
	g_autofree char *opening = g_strdup_printf("%s(%s(", function, use->pointer ? "" : "&");

	if (use->object.first) {
		put(rewriting, use->argument.first->at, token_end(use->argument.first), opening);
		put(rewriting, use->object.end->at, token_end(use->member), "))");
	} else {
		put(rewriting, use->name->at, token_end(use->name), function);
		put(rewriting, use->argument.end->at, use->close->at, "");
	}
}

static void rewrite_statement(const struct statement *statement, gpointer data)
{
	const struct rewriting *rewriting = data;
	const struct token *end = statement->tokens + statement->count;

	for (const struct token *at = statement->tokens;
	     at < end && statement->kind != STATEMENT_TYPE; at++) {
		struct use use;

		if (!find_use(at, end, &use) || !changed_has(rewriting->changed, use.member->at))
			continue;
		for (guint i = 0; i < rewriting->shadows->len; i++)
			if (is_member(rewriting->shadows->pdata[i], use.member)) {
				rewrite_use(rewriting, rewriting->shadows->pdata[i], &use);
				break;
			}
	}
}

void shadows_rewrite(const GPtrArray *shadows, const struct changed_text *text, GArray *edits)
{
	AUTO(changed_bytes) changed = changed_new(text);
	g_autoptr(GPtrArray) concerned = g_ptr_array_new();
	struct rewriting rewriting = {concerned, changed, text->patched, edits};

	for (guint i = 0; i < shadows->len; i++)
		if (shadows_concern(g_ptr_array_index(shadows, i), text))
			g_ptr_array_add(concerned, g_ptr_array_index(shadows, i));
	if (concerned->len)
		statements_read(text->patched, text->patched_size, rewrite_statement, &rewriting);
}
