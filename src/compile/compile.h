/*
 * Units to objects: each touched unit three times, with its exact command.
 *
 *	stock	 the original with stock flags and objtool run: what must equal the shipped binary
 *	original the original with -ffunction-sections -fdata-sections, objtool not run
 *	patched	 the patched source, likewise
 */
#ifndef KLATCH_COMPILE_COMPILE_H
#define KLATCH_COMPILE_COMPILE_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/kernel.h"
#include "tree/commands.h"
#include "tree/overlay.h"

enum compile_kind { COMPILE_PATCHED, COMPILE_ORIGINAL, COMPILE_STOCK, COMPILE_NR_KINDS };

struct compiled {
	const struct unit *unit;
	char *stock;	/* paths of the objects */
	char *original; /* NULL if the patch adds the unit */
	char *patched;
	guint kinds;	/* those that are to be compiled, a bit each */
	gboolean types; /* original and patched have debug information, to compare types by */
	/* private, while it is compiled */
	guint waiting; /* for so many objects */
	GError *problem;
};

/* A unit of which all kinds are to be compiled: its objects will be
 * directory/<number>-<kind>-<name>. */
struct compiled *compiled_new(const struct unit *unit, const char *directory, guint number,
			      gboolean types);
void compiled_free(struct compiled *compiled);
DEFINE_AUTO(compiled, compiled_free)

/*
 * Compiles units (of struct unit *) below `directory` (an absolute path; made), one more at once
 * than process_jobs().  Returns an array of struct compiled *, in order, owned.
 *
 * types: with debug information, for the comparison of types.
 * KLATCH_REFUSED with the compiler's own lines, at the user's file and line, if the patched source
 * does not compile; KLATCH_ENVIRONMENT if the original does not.
 * After each compile the list of files it read is checked: no patched unit may have read the
 * original of a patched file.  (One that did, through a "..", is compiled again in an overlay that
 * has the directory concerned.)
 *
 * $KLATCH_CC_LAUNCHER (ccache, distcc and the like) is put before each command of a compiler.
 */
GPtrArray *compile_units(const struct kernel *kernel, const struct overlay *overlay,
			 const GPtrArray *units, gboolean types, const char *directory,
			 GError **error);

/* As compile_units(), for the kinds that are wanted of units (of struct compiled *) whose objects
 * are below `directory`. */
gboolean compile_all(const struct kernel *kernel, const struct overlay *overlay,
		     const GPtrArray *units, const char *directory, GError **error);

/*
 * As compile_all(): calls `done` with each as soon as its objects are there, while others are
 * compiled.  problem: why it can't be patched (KLATCH_REFUSED), or NULL.
 */
typedef gboolean compile_done(struct compiled *compiled, const GError *problem, gpointer data,
			      GError **error);
gboolean compile_each(const struct kernel *kernel, const struct overlay *overlay,
		      const GPtrArray *units, const char *directory, compile_done *done,
		      gpointer data, GError **error);

/*
 * Runs a kernel's objtool on an object, in place, with the arguments of a unit; does nothing if
 * none is run on that unit.  KLATCH_REFUSED with what objtool says if it warns: it then may have
 * left out what unwinding of the code needs.
 */
gboolean compile_objtool(const struct kernel *kernel, const struct unit *unit, const char *path,
			 GError **error);

/*
 * Compiles units as the kernel's own build does, each to compile_tree_object() below `directory`
 * (made), in a tree: kernel->source, or an overlay's plain_root (complete).  Errors as above.
 * Where objtool is to be run on linked units, it was not run.
 */
gboolean compile_tree(const struct kernel *kernel, const char *tree, const GPtrArray *units,
		      const char *directory, GError **error);
char *compile_tree_object(const char *directory, const struct unit *unit); /* caller frees */

gboolean compile_objtool_after_link(const struct unit *unit);

/* The files that an object of compile_tree() was compiled from, its source first; paths as the
 * compiler has them, it runs in kernel->build.  Array of char *, owned. */
GPtrArray *compile_files(const char *object, GError **error);

/* Sets *reads if one of those is the original of a file that the overlay changes. */
gboolean compile_reads_original(const struct kernel *kernel, const struct overlay *overlay,
				const char *object, gboolean *reads, GError **error);

/* Compiles a source that the kernel's build makes by the way, with the command of a unit. */
gboolean compile_source(const struct kernel *kernel, const struct unit *unit, const char *source,
			const char *output, GError **error);

/*
 * The error of a compile that failed: `errors` is what it wrote, `source` the place if no line of
 * that names one; paths in it are shown without `tree`.
 */
void compile_fail(enum klatch_code code, const char *what, const char *source, const char *hint,
		  const char *errors, const char *tree, GError **error);

#endif
