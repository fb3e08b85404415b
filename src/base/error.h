/*
 * Errors: one form for everything that can go wrong.
 *
 * A klatch error is a GError of domain KLATCH_ERROR that carries four texts: what can't be done,
 * where (file, function, line), why, and what the user can do about it.  Library rooms hand it up;
 * only src/cmd prints it, as text or as JSON.
 */
#ifndef KLATCH_BASE_ERROR_H
#define KLATCH_BASE_ERROR_H

#include <glib.h>

enum klatch_code {
	KLATCH_REFUSED,	    /* the patch can't be made live, or a trial failed: exit code 1 */
	KLATCH_USAGE,	    /* a wrong argument: exit code 2 */
	KLATCH_ENVIRONMENT, /* something the machine lacks or that failed: exit code 2 */
	KLATCH_INPUT,	    /* a file that is not what it should be: exit code 2 */
};

/* The four texts of an error; `where` and `hint` may be NULL. Owned by the error they come from. */
struct klatch_reason {
	char *what;
	char *where;
	char *why;
	char *hint;
};

#define KLATCH_ERROR klatch_error_quark()
GQuark klatch_error_quark(void);

/*
 * Sets *error (if error is not NULL; it must not be set yet).  `why` is a printf format.  All texts
 * are copied.  what: a clause such as "function foo can't be replaced"; where: "file.c:12", a
 * path, "object: section+0x10", or NULL; hint: what to do, or NULL.  Texts carry no final full
 * stop.
 */
void klatch_fail(GError **error, enum klatch_code code, const char *what, const char *where,
		 const char *hint, const char *why, ...) G_GNUC_PRINTF(6, 7);

/* As klatch_fail(), with the message of a library's own GError as the reason.  Frees `cause`. */
void klatch_adopt(GError **error, enum klatch_code code, const char *what, const char *where,
		  const char *hint, GError *cause);

/*
 * The four texts of an error of domain KLATCH_ERROR.  Valid as long as the error is.  Every room's
 * door hands up errors of this domain only: a library's own error is adopted where it comes in.
 */
const struct klatch_reason *klatch_error_reason(const GError *error);

/* The process exit code that an error stands for: 1 for KLATCH_REFUSED, else 2. */
int klatch_error_exit_code(const GError *error);

#endif
