/*
 * Compiles that run: for this room.
 */
#ifndef KLATCH_COMPILE_INSIDE_H
#define KLATCH_COMPILE_INSIDE_H

#include "base/process.h"
#include "compile/compile.h"

struct compilation {
	const struct kernel *kernel;
	const struct overlay *overlay;
	const char *directory;
	char *assembler;       /* directory of the assembler's wrapper */
	GHashTable *originals; /* file name -> GPtrArray of the originals of patched files */
	GPtrArray *again;      /* of struct compiled: those that read an original */
	compile_done *done;
	gpointer data;
	const GArray *jobs; /* of struct job: those that run */
};

struct job {
	struct compiled *compiled;
	enum compile_kind kind;
	goffset size; /* of the source */
};

const char *compiled_output(const struct compiled *compiled, enum compile_kind kind);

/* lines.c: what the shell is to run.  Each line is freed by the caller. */
extern const char *const line_environment[];
/* What the compiler would take from the user's environment. */
#define UNSET                                                                                      \
	"unset CPATH C_INCLUDE_PATH COMPILER_PATH GCC_EXEC_PREFIX LIBRARY_PATH "                   \
	"DEPENDENCIES_OUTPUT SUNPRO_DEPENDENCIES GCC_COMPARE_DEBUG; "
/* Where the compiler lists what it read for an object. */
char *line_dependencies(const char *object);
char *line_unit(const struct unit *unit);
char *line_objtool(const struct unit *unit, const char *path);
/* Compiles as the kernel's own build does, in a tree, with or without objtool. */
char *line_stock(const struct kernel *kernel, const struct unit *unit, const char *tree,
		 gboolean with_objtool, const char *output);
/* Compiles original or patched in a tree. */
char *line_sections(const struct compilation *compilation, const struct compiled *compiled,
		    const char *tree, const char *output);
gboolean line_make_assembler(struct compilation *compilation, GError **error);
/* Lines as processes, by argv that is owned by *arguments. */
struct process *line_processes(const struct kernel *kernel, char *const *lines, guint count,
			       const char ***arguments);

/* reads.c: what the patched compile may read. */
/* Makes real the directories that ".." is applied to in a unit's command. */
gboolean reads_unfold(const struct compilation *compilation, const struct unit *unit,
		      GError **error);
/* The originals of all files that the patch changes, by the last component of their path. */
GHashTable *reads_originals(const struct kernel *kernel, const struct overlay *overlay);
/* The files of the overlay that a patched unit read the original by; an empty array if none. */
GPtrArray *reads_escapes(const struct compilation *compilation, const struct compiled *compiled,
			 GError **error);
/* Makes all directories real on the way by which a unit read an original. */
gboolean reads_catch(const struct compilation *compilation, const struct compiled *compiled,
		     GError **error);

/* errors.c: what the compiler says. */
void errors_fail(gboolean patched, const struct unit *unit, const char *errors, const char *tree,
		 GError **error);
/* Takes what a compile said: FALSE with an error, or with compiled->problem for the patch's. */
gboolean errors_of_job(const struct compilation *compilation, const struct job *job,
		       const struct process_result *result, GError **error);

#endif
