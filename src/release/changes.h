/*
 * The difference of two versions of one kernel's source, split into changes that are independent of
 * each other as far as the source can tell: each is a fix or a few that need each other.
 */
#ifndef KLATCH_RELEASE_CHANGES_H
#define KLATCH_RELEASE_CHANGES_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/progress.h"
#include "release/built.h"
#include "tree/overlay.h"

struct changed_file {
	char *path; /* below the tree */
	enum patched_change change;
	gboolean built; /* a unit of the kernel is compiled from it or may include it */
};

/*
 * A run of changed lines: original lines [original_line, original_line + original_count) become
 * patched lines [patched_line, patched_line + patched_count), all counted from 1, without context.
 * Where one of the counts is 0, its line is the one that the others stand before.  A file that is
 * added or deleted is one hunk.
 */
struct hunk {
	const struct changed_file *file; /* borrowed */
	guint original_line, original_count;
	guint patched_line, patched_count;
	char *scope;   /* the function or declaration that it stands in or makes; NULL if none */
	gboolean idle; /* only comments and blanks differ */
};

struct change {
	guint number;	    /* from 1, in order of its first file and line */
	GPtrArray *hunks;   /* of struct hunk *, owned, in order of file and line */
	GPtrArray *files;   /* of borrowed const struct changed_file *, each once, in order */
	GPtrArray *ties;    /* of char *, owned: for people, why its parts are one */
	GPtrArray *entries; /* of borrowed const struct changelog_entry *, in order of the
			       changelog: what it probably is; filled by assign_entries()
			       (release/assign.h) */
	gboolean idle;	    /* only comments and blanks differ */
	char *obstacle;	    /* why the change can't go live whatever its code is: it changes what is
			       built (a unit is new or gone, a Makefile or Kconfig is changed), or
			       begins to initialise what objects have already; NULL if nothing of
			       that kind is known */
};

struct changes {
	char *original, *patched; /* the two trees */
	GPtrArray *files;	  /* of struct changed_file *, owned: all that differ, sorted */
	GPtrArray *all;		  /* of struct change *, owned, by number: what touches the built
				     kernel */
	GPtrArray *unbuilt;	  /* of borrowed const struct changed_file *: files that this kernel
				     does not build, in order; no change has a part of them */
};

/*
 * The changes that lead from one tree to the other.  A header or a rule of the build (Makefile,
 * Kbuild, Kconfig) that the kernel's units do not see, or a file that is new, is part of a change
 * if something that is built needs it.
 */
struct changes *changes_between(const char *original, const char *patched, struct built *built,
				struct progress *progress, GError **error);

/*
 * One exact unified diff (-p1, no fuzz needed) of the chosen changes (of const struct change *)
 * against the original tree, of these files (a set of paths) alone or, if NULL, of all: the text,
 * which the caller frees, or written to a file.
 */
char *changes_text(const struct changes *changes, const GPtrArray *chosen, GHashTable *paths,
		   GError **error);
gboolean changes_write(const struct changes *changes, const GPtrArray *chosen, GHashTable *paths,
		       const char *path, GError **error);

void changes_free(struct changes *changes);
DEFINE_AUTO(changes, changes_free)

#endif
