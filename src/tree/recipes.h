/*
 * What `make -n` says, read line by line: the compile and objtool command of every unit, what is
 * linked into vmlinux and into each module, and the commands that generate sources.
 *
 * Each line is one shell command line of a recipe.  Those of scripts/Makefile.build name the file
 * they write in a quiet `echo '  KIND    FILE'`, or in a trap that removes it.
 */
#ifndef KLATCH_TREE_RECIPES_H
#define KLATCH_TREE_RECIPES_H

#include <glib.h>

#include "base/cleanup.h"

struct recipes;

/* source and build as make was given them; compiler as in CC=.  build is looked into for generated
 * files that are there already. */
struct recipes *recipes_new(const char *source, const char *build, const char *compiler);
void recipes_free(struct recipes *recipes);
DEFINE_AUTO(recipes, recipes_free)

/* Takes the units of a database that was made of the same trees before.  False if it is none. */
gboolean recipes_take(struct recipes *recipes, const char *database);

/*
 * From now on what lies in `directory` (of external modules, M=) is taken to be in the source tree,
 * as the directory `name`.
 */
void recipes_external(struct recipes *recipes, const char *directory, const char *name);

/* Takes a line of make's output (its newline, if any, is ignored). */
void recipes_line(struct recipes *recipes, const char *line, gsize length);

/* How many units were seen so far. */
guint recipes_count(const struct recipes *recipes);

/*
 * The database as text (tree/commands.c reads it).  KLATCH_ENVIRONMENT if what make said is not
 * whole: no unit, or a module's unit that no module takes.
 */
GString *recipes_database(const struct recipes *recipes, GError **error);

/*
 * The shell lines to run in `build`, in order, that generate the sources which units need and
 * `make prepare` leaves to their own rules: array of char *, owned.  Those made from objects (the
 * vdso's image, the real mode code's symbols) are left out: objects are not built.
 */
GPtrArray *recipes_generators(const struct recipes *recipes);

#endif
