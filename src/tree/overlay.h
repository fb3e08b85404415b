/*
 * A patch as an overlay: a directory that looks like the source tree with the patches applied,
 * made of links to the source tree and of real files only where the patches write.
 */
#ifndef KLATCH_TREE_OVERLAY_H
#define KLATCH_TREE_OVERLAY_H

#include <glib.h>

#include "base/cleanup.h"
#include "kernel/kernel.h"
#include "tree/layouts.h"

enum patched_change { PATCHED_MODIFIED, PATCHED_ADDED, PATCHED_DELETED };

struct patched_file {
	char *path; /* below the source tree */
	enum patched_change change;
	GHashTable *names;   /* those that what changed may define (tree/narrow.h); NULL if that
				can't be told */
	gboolean file_scope; /* a line outside of every function body changed, comments and blank
				lines aside: types, macros, includes, data may have changed */
};

struct overlay {
	char *root;		 /* the tree to compile the patched units in */
	char *plain_root;	 /* the same without #line, for the compiler's messages to the user;
				    whole after overlay_complete_plain() */
	GPtrArray *files;	 /* of struct patched_file, owned, sorted by path; what the patches
				    leave as it was is not there */
	struct layouts *layouts; /* what of them was left as it was */
	/* private */
	GHashTable *unfolded; /* the directories that are real, not links */
	GHashTable *plain_unfolded;
};

/*
 * Applies patch files (paths, in order, -p1, no fuzz) below `directory` (made; the caller removes
 * it).  After each changed run of lines a #line restores the original numbering, at the first place
 * where a directive may stand (not inside a comment, a string, a macro or its arguments).
 * late/patch.h is there too, for patches to include as <klatch/patch.h>.  What they do to structs
 * without need is undone (tree/layouts.h).
 * KLATCH_REFUSED naming patch file, hunk and target line if one does not apply; KLATCH_INPUT if a
 * patch file is no patch, or touches a path outside of the tree.
 */
struct overlay *overlay_new(const struct kernel *kernel, const char *const *patches,
			    const char *directory, GError **error);

/*
 * Makes a directory (below the tree; "" is the tree itself) and all on the way to it real ones,
 * with links to their files.  Behind a link to a directory ".." leads out of the overlay to the
 * original: so a directory that ".." is applied to must be real.
 */
gboolean overlay_unfold(const struct overlay *overlay, const struct kernel *kernel,
			const char *directory, GError **error);

/* Fills plain_root as root is: only who has a compiler's message to show needs it. */
gboolean overlay_complete_plain(const struct overlay *overlay, const struct kernel *kernel,
				GError **error);

/*
 * Makes some files (a set of char *, below the tree) anew: each as it is without any patch, then as
 * these patches make it, which change no other files.  Of the others nothing is touched.
 */
gboolean overlay_repatch(struct overlay *overlay, const struct kernel *kernel, GHashTable *paths,
			 const char *const *patches, GError **error);

void overlay_free(struct overlay *overlay);
DEFINE_AUTO(overlay, overlay_free)

#endif
