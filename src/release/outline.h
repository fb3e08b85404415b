/*
 * The declarations of a C text and which line belongs to which; its words.  For this room.
 */
#ifndef KLATCH_RELEASE_OUTLINE_H
#define KLATCH_RELEASE_OUTLINE_H

#include <glib.h>
#include <string.h>

#include "base/cleanup.h"
#include "release/text.h"

/* What a word is where it stands. */
enum word_flag {
	WORD_DEFINED = 1 << 0,	/* the statement declares or defines it */
	WORD_GLOBAL = 1 << 1,	/* with DEFINED: other units can mean it without a header */
	WORD_MEMBER = 1 << 2,	/* after "." or "->", or a member that is declared */
	WORD_CALLED = 1 << 3,	/* before "(" */
	WORD_TAG = 1 << 4,	/* after struct, union or enum */
	WORD_ARGUMENT = 1 << 5, /* alone between parentheses or commas */
};

struct word {
	const char *at; /* in the text */
	guint32 length, line;
	guint32 flags;
	guint32 step; /* which statement of a body it is in: what lies between ";", "{" and "}" */
};

struct declaration {
	guint first, last;	 /* lines */
	guint signature;	 /* the last line of what those who use it must know */
	guint first_word, words; /* of the outline's */
	guint named;		 /* which of the outline's words names it; G_MAXUINT: none */
	gboolean type;		 /* a struct, union or enum with its members */
};

struct outline {
	const struct text *text; /* borrowed */
	GArray *declarations;	 /* of struct declaration, in order of their ends */
	GArray *words;		 /* of struct word: identifiers and keywords */
	guint32 steps;
	gint32 *owners; /* by line: the declaration it is part of, or -1; comments belong to the
			   declaration that follows */
};

static inline gboolean words_equal(const struct word *one, const struct word *other)
{
	return one->length == other->length && !memcmp(one->at, other->at, one->length);
}

struct outline *outline_read(const struct text *text);
void outline_free(struct outline *outline);
DEFINE_AUTO(outline, outline_free)

/* Whether no declaration goes on from the line before to this one. */
gboolean outline_divides(const struct outline *outline, guint line);

/* The member that the first argument of a call (a word, by its index) ends with, of an object
 * behind a pointer; or NULL. */
const struct word *outline_member_of_call(const struct outline *outline, guint call);

/* Whether a text has a word, as all that the flags say. */
gboolean outline_has(const struct outline *outline, const struct word *wanted, guint32 flags);

/* Whether a word is the call of one of some functions. */
gboolean word_calls(const struct word *word, const char *const *names, gsize count);

#endif
