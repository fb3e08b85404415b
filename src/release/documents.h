/*
 * What changes have where, in words: what subjects of the changelog are looked for in.  For this
 * room.
 */
#ifndef KLATCH_RELEASE_DOCUMENTS_H
#define KLATCH_RELEASE_DOCUMENTS_H

#include <glib.h>

#include "base/cleanup.h"
#include "release/changes.h"

/* Where a change has a word. */
enum place {
	PLACE_SCOPE, /* the name of a function or declaration that it stands in */
	PLACE_LINE,  /* an identifier in changed lines */
	PLACE_PATH,  /* a component of a file's path, or a part of one */
	PLACE_PART,  /* a part of an identifier between underscores, as documents_stem() */
	PLACES
};

/* What a change has in one declaration of a file; or a file that no change has. */
struct document {
	struct change *change; /* NULL: not built, or nothing but comments */
	gconstpointer owner;   /* what it is part of: the change, or the file alone */
	const char *path;      /* borrowed */
	guint words;
};

struct documents {
	GArray *all;		   /* of struct document */
	GHashTable *words[PLACES]; /* word to set of documents (number + 1) that have it there */
	double mean_words;	   /* of one */
};

/* Of files that are not built, too, so that their entries do not go elsewhere.  NULL on error. */
struct documents *documents_read(const struct changes *changes, GError **error);
void documents_free(struct documents *documents);
DEFINE_AUTO(documents, documents_free)

static inline const struct document *document_at(const struct documents *documents, guint i)
{
	return &g_array_index(documents->all, struct document, i);
}

/* The next run of word characters of a text, or FALSE. */
gboolean documents_next_word(const char **at, const char *end, const char **word, gsize *length);

/* A word in lower case without its grammatical ending, as parts are kept.  Caller frees. */
char *documents_stem(const char *word, gsize length);

#endif
