/*
 * Strings and comments are skipped; parentheses and braces are counted, and begin anew at each
 * #else as they were at its #if, and in the first column.
 */
#include "tree/statements.h"

#include <string.h>

struct depth {
	guint parentheses, braces;
};

struct reader {
	const char *at, *end, *text;
	statement_function *function;
	gpointer data;
	GArray *tokens; /* of the statement that is read */
	struct depth depth;
	guint parameters; /* parentheses within those of a member's parameters; 0: none are open */
	GArray *conditionals; /* of struct depth: as it was at each open #if */
	gboolean callable;    /* the statement has NAME(...) */
	gboolean assigned;    /* ... and a '=' */
	gboolean is_type;     /* ... a body of struct, union or enum */
	gboolean is_enum;
	gboolean is_typedef;
	gboolean in_body; /* of a function */
};

/* The token before the one that is read, or NULL. */
static struct token *last(const GArray *tokens)
{
	return tokens->len ? &g_array_index(tokens, struct token, tokens->len - 1) : NULL;
}

static struct token *add(GArray *tokens, const char *at, gsize length, guint flags)
{
	struct token token = {at, length, flags};
	const struct token *before = last(tokens);

	if (token_is(before, "##"))
		token.flags |= TOKEN_AFTER_PASTE;
	g_array_append_val(tokens, token);
	return last(tokens);
}

/* Behind an attribute with which a declaration may begin: __printf(1, 2) void f(...); */
static guint skip_attribute(const GArray *tokens)
{
	static const char *const attributes[] = {"__attribute__", "__printf", "__scanf", NULL};
	const struct token *first = (const struct token *)tokens->data;

	if (tokens->len < 2 || !token_in(first, attributes))
		return 0;
	return tokens_skip_parentheses(first, tokens->len, 1);
}

/* Whether it begins as the call of a macro. */
static gboolean is_call(const GArray *tokens)
{
	guint first = skip_attribute(tokens);
	const struct token *token = (const struct token *)tokens->data + first;

	return tokens->len > first + 1 && token->flags & TOKEN_WORD && token_is(token + 1, "(");
}

static void end_statement(struct reader *reader)
{
	const struct token *tokens = (const struct token *)reader->tokens->data;
	struct statement statement = {STATEMENT_CODE, tokens, reader->tokens->len};

	if (reader->is_type)
		statement.kind = STATEMENT_TYPE;
	else if (is_call(reader->tokens))
		statement.kind = STATEMENT_CALL;
	if (statement.count)
		reader->function(&statement, reader->data);
	g_array_set_size(reader->tokens, 0);
	reader->callable = reader->assigned = reader->is_type = reader->is_enum = FALSE;
	reader->is_typedef = reader->in_body = FALSE;
	reader->parameters = 0;
}

/* --- tokens ---------------------------------------------------------------------------------- */

static gboolean is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/* Past a comment that begins here; NULL if none does. */
static const char *skip_comment(const char *at, const char *end)
{
	const char *close;

	if (end - at < 2 || at[0] != '/' || (at[1] != '*' && at[1] != '/'))
		return NULL;
	close = at[1] == '*' ? memmem(at + 2, end - at - 2, "*/", 2) : memchr(at, '\n', end - at);
	if (!close)
		return end;
	return at[1] == '*' ? close + 2 : close;
}

/* Past a string; one that does not end ends with its line. */
static const char *skip_string(const char *at, const char *end)
{
	char quote = *at++;

	for (; at < end && *at != '\n'; at++) {
		if (*at == '\\' && at + 1 < end)
			at++;
		else if (*at == quote)
			return at + 1;
	}
	return at;
}

/* Reads one token, or what is none; returns what follows it. */
static const char *read_token(GArray *tokens, const char *at, const char *end)
{
	const char *from = at, *comment = skip_comment(at, end);
	struct token *before;

	if (comment)
		return comment;
	if (*at == '"' || *at == '\'')
		return skip_string(at, end);
	if (g_ascii_isspace(*at) || *at == '\\')
		return at + 1;
	while (at < end && is_word(*at))
		at++;
	if (at > from) {
		add(tokens, from, at - from, g_ascii_isdigit(*from) ? 0 : TOKEN_WORD);
		return at;
	}
	if (end - at >= 2 && at[0] == '#' && at[1] == '#') {
		before = last(tokens);
		if (before)
			before->flags |= TOKEN_BEFORE_PASTE;
		add(tokens, at, 2, 0);
		return at + 2;
	}
	add(tokens, at, 1, 0);
	return at + 1;
}

/* --- directives ------------------------------------------------------------------------------ */

/* Where a directive ends: at a newline that no backslash and no comment continues. */
static const char *directive_end(const char *at, const char *end)
{
	while (at < end && *at != '\n') {
		const char *comment = skip_comment(at, end);

		if (comment)
			at = comment;
		else if (*at == '\\' && at + 1 < end)
			at += 2;
		else
			at++;
	}
	return at;
}

static void follow_conditional(struct reader *reader, const struct token *word)
{
	static const char *const openers[] = {"if", "ifdef", "ifndef", NULL};
	static const char *const branches[] = {"else", "elif", "elifdef", "elifndef", NULL};
	guint open = reader->conditionals->len;

	if (token_in(word, openers))
		g_array_append_val(reader->conditionals, reader->depth);
	else if (open && token_in(word, branches))
		reader->depth = g_array_index(reader->conditionals, struct depth, open - 1);
	else if (open && token_is(word, "endif"))
		g_array_set_size(reader->conditionals, open - 1);
}

static void read_directive(struct reader *reader)
{
	static const char *const defines[] = {"define", "undef", NULL};
	const char *end = directive_end(reader->at, reader->end);
	g_autoptr(GArray) tokens = g_array_new(FALSE, FALSE, sizeof(struct token));
	struct statement statement = {.kind = STATEMENT_DIRECTIVE};

	reader->at++;
	while (reader->at < end)
		reader->at = read_token(tokens, reader->at, end);
	if (!tokens->len)
		return;
	struct token *first = (struct token *)tokens->data;
	follow_conditional(reader, first);
	if (tokens->len > 1 && token_in(first, defines)) {
		statement.kind = STATEMENT_DEFINE;
		first[1].flags |= TOKEN_NAMED;
	}
	statement.tokens = first;
	statement.count = tokens->len;
	reader->function(&statement, reader->data);
}

/* --- statements ------------------------------------------------------------------------------ */

/* The word before a punctuation character is one that the statement may declare. */
static void name_last(const struct reader *reader, guint flag)
{
	/* What may stand there, but names nothing. */
	static const char *const others[] = {
		"__attribute__", "__attribute", "__aligned",   "__printf",  "__scanf",
		"__acquires",	 "__releases",	"__must_hold", "__section", "__alloc_size",
		"__nonnull",	 "typeof",	"__typeof__",  "sizeof",    "struct",
		"union",	 "enum",	"void",	       "char",	    "short",
		"int",		 "long",	"unsigned",    "const",	    NULL};
	struct token *token = last(reader->tokens);

	if (token && token->flags & TOKEN_WORD && !token_in(token, others))
		token->flags |= flag;
}

static void open_brace(struct reader *reader)
{
	static const char *const types[] = {"struct", "union", "enum", NULL};
	const GArray *tokens = reader->tokens;
	const struct token *before = last(tokens), *keyword = before;

	if (reader->depth.braces || reader->depth.parentheses)
		return;
	if (before && tokens->len > 1 && !token_in(before, types))
		keyword = before - 1;
	if (!reader->callable && !reader->assigned && before) {
		reader->is_type = TRUE;
		reader->is_enum = token_is(keyword, "enum");
		if (keyword != before)
			name_last(reader, TOKEN_NAMED);
	}
	reader->in_body = reader->callable && !reader->assigned;
}

static void close_brace(struct reader *reader, const char *at)
{
	if (at == reader->text || at[-1] == '\n')
		reader->depth = (struct depth){0, 0};
	else if (reader->depth.braces)
		reader->depth.braces--;
}

static gboolean at_file_scope(const struct reader *reader)
{
	return !reader->depth.parentheses && !reader->depth.braces;
}

/* Whether the last word is that of *WORD, or of (*WORD. */
static gboolean is_pointer(const struct reader *reader)
{
	return reader->tokens->len > 1 && token_is(last(reader->tokens) - 1, "*");
}

static gboolean is_function_pointer(const struct reader *reader)
{
	return reader->tokens->len > 2 && is_pointer(reader) &&
	       token_is(last(reader->tokens) - 2, "(");
}

/* Whether what is read are the parameters of a member, int (*MEMBER)(...). */
static gboolean in_parameters(const struct reader *reader)
{
	return reader->parameters && reader->depth.parentheses >= reader->parameters;
}

/* Whether the last word may be a member's, by what follows it. */
static gboolean ends_member(const struct reader *reader, char c)
{
	if (c == ')')
		return in_parameters(reader) ? is_function_pointer(reader) : is_pointer(reader);
	return strchr(",[;:", c) && !in_parameters(reader);
}

/* Before a character of punctuation becomes a token. */
static void read_punctuation(struct reader *reader, char c)
{
	gboolean enumerator = reader->is_enum && reader->depth.braces == 1;

	if (c == '{')
		open_brace(reader);
	else if (c == '(' && at_file_scope(reader))
		reader->callable |= last(reader->tokens) != NULL;
	else if (c == '=' && at_file_scope(reader))
		reader->assigned = TRUE;
	if ((at_file_scope(reader) && strchr("(=,[;:", c)) || (enumerator && strchr("=,}", c)) ||
	    (reader->is_typedef && c == ')' && is_pointer(reader)))
		name_last(reader, TOKEN_NAMED);
	else if (reader->is_type && reader->depth.braces && ends_member(reader, c))
		name_last(reader, TOKEN_MEMBER);
	if (c == '(' && reader->is_type && !in_parameters(reader))
		reader->parameters =
			token_is(last(reader->tokens), ")") ? reader->depth.parentheses + 1 : 0;
}

static void count(struct reader *reader, const char *at)
{
	if (*at == '(')
		reader->depth.parentheses++;
	else if (*at == ')' && reader->depth.parentheses)
		reader->depth.parentheses--;
	else if (*at == '{')
		reader->depth.braces++;
	else if (*at == '}')
		close_brace(reader, at);
}

static void read_code(struct reader *reader)
{
	const char *at = reader->at;
	guint before = reader->tokens->len;

	if (*at && !is_word(*at) && !g_ascii_isspace(*at))
		read_punctuation(reader, *at);
	reader->at = read_token(reader->tokens, at, reader->end);
	if (reader->tokens->len == before)
		return;
	if (token_is(last(reader->tokens), "typedef"))
		reader->is_typedef = TRUE;
	count(reader, at);
	if (at_file_scope(reader) && (*at == ';' || (*at == '}' && reader->in_body)))
		end_statement(reader);
}

void statements_read(const char *text, gsize size, statement_function *function, gpointer data)
{
	struct reader reader = {.at = text, .end = text + size, .text = text};
	gboolean line_begins = TRUE;

	reader.function = function;
	reader.data = data;
	reader.tokens = g_array_new(FALSE, FALSE, sizeof(struct token));
	reader.conditionals = g_array_new(FALSE, FALSE, sizeof(struct depth));
	while (reader.at < reader.end) {
		char c = *reader.at;

		if (c == '#' && line_begins)
			read_directive(&reader);
		else
			read_code(&reader);
		line_begins = c == '\n' || (line_begins && g_ascii_isspace(c));
	}
	end_statement(&reader);
	g_array_unref(reader.tokens);
	g_array_unref(reader.conditionals);
}
