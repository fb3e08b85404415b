/*
 * Parts that are being tied: who has which word, and what can be meant by it.  For ties*.c.
 */
#ifndef KLATCH_RELEASE_TYING_H
#define KLATCH_RELEASE_TYING_H

#include "release/parts.h"
#include "release/ties.h"

/*
 * In no more files than this a word is the name of a thing of one subsystem: it means the same
 * wherever it stands, and two parts of one file that both have it are about the same.  Of the words
 * in the changed lines of a release of 6.1 half stand in fewer.
 */
#define RARE 40

struct posting {
	guint part;
	const struct use *use;
};

struct tying {
	const GPtrArray *parts;
	const struct words *words;
	const guint *frequencies;
	const char *patched_tree;
	struct built *built;
	GArray **postings;    /* by word: of struct posting; NULL if there are none */
	GHashTable *objects;  /* of struct changed_file: GPtrArray of objects */
	GHashTable *mentions; /* "path word" to how often it is there + 1 */
	GHashTable *everyday; /* pairs of parts that have one everyday word in common */
	struct ties *ties;
};

/* tying.c */
void tying_begin(struct tying *tying);
void tying_clear(struct tying *tying);
/* The part that stands for the change that a part is in so far. */
guint tying_find(struct ties *ties, guint part);
/* Makes one change of two parts, if they are not; why: `form` with the word in it. */
void tying_join(struct tying *tying, guint one, guint other, const char *form, const char *word);
/* How often a file has a word. */
guint tying_mentions(const struct tying *tying, const char *path, const char *word);
/* Whether what one part defines can be meant by another. */
gboolean tying_reaches(const struct tying *tying, const struct posting *from,
		       const struct posting *to);
gboolean tying_same_file(const struct tying *tying, guint one, guint other);
/* Whether two parts are of one module, or lie in one directory. */
gboolean tying_are_near(const struct tying *tying, guint one, guint other);

static inline const struct part *tying_part(const struct tying *tying, guint i)
{
	return g_ptr_array_index(tying->parts, i);
}

static inline const char *tying_path(const struct tying *tying, guint part)
{
	return tying_part(tying, part)->file->path;
}

/* What becomes of a name where it is defined. */
enum fate { FATE_ADDED, FATE_REMOVED, FATE_CHANGED };

enum fate use_fate(const struct use *use);
gboolean use_defines(const struct use *use);
/* Whether a use has to do with a name's fate: who could use it before does not need what is new. */
gboolean use_follows(const struct use *use, enum fate fate);

/* What ties parts by one word, whose postings are given.  ties_words.c: */
void tie_scopes(struct tying *tying, guint word, const GArray *postings);
void tie_definitions(struct tying *tying, guint word, const GArray *postings);
void tie_pasted(struct tying *tying, guint word, const GArray *postings);
void tie_rare(struct tying *tying, guint word, const GArray *postings);
/* ties_calls.c: */
void tie_callers(struct tying *tying, guint word, const GArray *postings);

/* What ties parts otherwise.  ties_files.c: */
void tie_files(struct tying *tying);
void tie_counters(struct tying *tying);
void tie_idle(struct tying *tying);
/* ties_calls.c: */
void tie_left_to(struct tying *tying);

#endif
