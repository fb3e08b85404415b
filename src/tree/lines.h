/*
 * Lines of C: just enough of a lexer to say what a line is, so that a patch's changed lines can be
 * judged and the original numbering restored by #line.  It reads no macro and follows no include.
 */
#ifndef KLATCH_TREE_LINES_H
#define KLATCH_TREE_LINES_H

#include <glib.h>

enum line_flag {
	LINE_DIRECTIVE = 1 << 0, /* part of a preprocessor directive */
	LINE_OUTSIDE = 1 << 1,	 /* code outside of every function body */
	LINE_SAFE = 1 << 2,	 /* a directive may stand before it: not inside a comment, a string,
				    a directive or parentheses (a macro's arguments) */
	LINE_BRANCH = 1 << 3,	 /* follows an #else, #elif or #endif */
};

struct line {
	gsize start, end; /* in the text; end is behind the newline */
	guint flags;
	guint level; /* how many conditionals (#if ... #endif) it lies in */
};

/* Whether a file is C, a unit or a header, by its name. */
gboolean lines_are_of_c(const char *path);

/* The lines of a text, as an array of struct line.  Any bytes are accepted. */
GArray *lines_read(const char *text, gsize size);

/* A changed run: lines [old_start, old_start + old_count) of the original, counted from 0, became
 * [new_start, new_start + new_count). */
struct run {
	guint old_start, old_count, new_start, new_count;
};

/* The changed runs (array of struct run) that diff(1) names in its normal output. */
GArray *lines_runs(const char *differences);

/* Those between two files; minimal: as few lines as can be, which takes longer.  KLATCH_ENVIRONMENT
 * if diff(1) can't compare them. */
GArray *lines_compare(const char *original, const char *patched, gboolean minimal, GError **error);

/*
 * A text with a #line (no file name) after each changed run whose number of lines changed, at the
 * first line where one may stand, so that every unchanged line behind it has its original number
 * whatever conditionals are true.  Caller frees.
 */
char *lines_renumber(const char *text, gsize size, const GArray *runs, gsize *result_size);

/* Whether a changed line, old or new, is a directive or lies outside of every function body;
 * comments and blank lines aside. */
gboolean lines_at_file_scope(const GArray *original, const GArray *patched, const GArray *runs);

#endif
