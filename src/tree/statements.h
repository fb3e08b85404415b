/*
 * A C text as statements of file scope and directives, each with its tokens: just enough of a lexer
 * to say which names a statement may bring into being.  It expands no macro and follows no include.
 */
#ifndef KLATCH_TREE_STATEMENTS_H
#define KLATCH_TREE_STATEMENTS_H

#include <glib.h>
#include <string.h>

enum token_flag {
	TOKEN_WORD = 1 << 0,	     /* an identifier or keyword; else a number or punctuation */
	TOKEN_NAMED = 1 << 1,	     /* the statement may declare or define it */
	TOKEN_MEMBER = 1 << 2,	     /* it may be a member of a struct or union */
	TOKEN_BEFORE_PASTE = 1 << 3, /* stands before ## */
	TOKEN_AFTER_PASTE = 1 << 4,
};

struct token {
	const char *at; /* in the text */
	guint32 length;
	guint32 flags;
};

enum statement_kind {
	STATEMENT_CODE,	  /* a declaration or a definition */
	STATEMENT_TYPE,	  /* one with a body of struct, union or enum */
	STATEMENT_CALL,	  /* begins as the call of a macro: it may define anything */
	STATEMENT_DEFINE, /* #define or #undef; the macro is NAMED */
	STATEMENT_DIRECTIVE,
};

struct statement {
	enum statement_kind kind;
	const struct token *tokens;
	guint count;
};

typedef void statement_function(const struct statement *statement, gpointer data);

/* Whether a token, if there is one, is this text; or one of a list that ends with NULL. */
static inline gboolean token_is(const struct token *token, const char *text)
{
	return token && strlen(text) == token->length && !memcmp(token->at, text, token->length);
}

static inline gboolean token_in(const struct token *token, const char *const *list)
{
	for (; *list; list++)
		if (token_is(token, *list))
			return TRUE;
	return FALSE;
}

/* Behind what is in parentheses that open at a token, or the number of tokens if they do not close.
 */
static inline guint tokens_skip_parentheses(const struct token *tokens, guint count, guint at)
{
	guint depth = 0;

	do {
		depth += token_is(&tokens[at], "(");
		depth -= token_is(&tokens[at], ")");
	} while (++at < count && depth);
	return at;
}

/* "struct foo;", which gives no name a meaning that it has not without it. */
static inline gboolean statement_is_forward(const struct statement *statement)
{
	static const char *const tags[] = {"struct", "union", "enum", NULL};

	return (statement->count == 2 ||
		(statement->count == 3 && token_is(&statement->tokens[2], ";"))) &&
	       token_in(statement->tokens, tags);
}

/*
 * Calls a function with each statement of a text, in order of their ends; a directive within one
 * comes before it.  Any bytes are accepted.  What is named is a superset: a word too many is
 * harmless.
 */
void statements_read(const char *text, gsize size, statement_function *function, gpointer data);

#endif
