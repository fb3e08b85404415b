/*
 * Statements (tree/statements.h) as ranges of lines, with what their words are.
 */
#include "release/outline.h"

#include <string.h>

#include "tree/statements.h"

static gboolean token_begins(const struct token *token, const char *const *list)
{
	for (; *list; list++)
		if (token->length >= strlen(*list) && !memcmp(token->at, *list, strlen(*list)))
			return TRUE;
	return FALSE;
}

static guint line_of(const struct outline *outline, const struct token *token)
{
	return text_line_of(outline->text, token->at - outline->text->data);
}

/* --- what a statement's words are ------------------------------------------------------------- */

/* Whether the first argument of a call of the name at a token is more than one word. */
static gboolean has_long_argument(const struct statement *statement, guint at)
{
	static const char *const ends[] = {",", ")", NULL};

	return at + 3 < statement->count && !token_in(&statement->tokens[at + 3], ends);
}

/* Whether a name with arguments is a function that is defined, for all its looks: its first
 * parameter has a type and a name, and a body follows. */
static gboolean has_parameters(const struct statement *statement, guint at)
{
	guint end;

	if (!has_long_argument(statement, at))
		return FALSE;
	end = tokens_skip_parentheses(statement->tokens, statement->count, at + 1);
	return end < statement->count && token_is(&statement->tokens[end], "{");
}

/* Whether a token is a macro's name by its looks, called. */
static gboolean is_macro_call(const struct statement *statement, guint at)
{
	const struct token *token = &statement->tokens[at];

	if (at + 1 == statement->count || !token_is(token + 1, "("))
		return FALSE;
	for (guint i = 0; i < token->length; i++)
		if (g_ascii_islower(token->at[i]))
			return FALSE;
	return !has_parameters(statement, at);
}

/*
 * The macro at file scope that a statement calls to define something, which is its first argument;
 * G_MAXUINT if none.
 */
static guint defining_macro(const struct statement *statement)
{
	if (statement->kind == STATEMENT_CALL)
		return 0;
	for (guint i = 0; i < statement->count && statement->kind == STATEMENT_CODE; i++)
		if (statement->tokens[i].flags & TOKEN_NAMED && is_macro_call(statement, i))
			return i;
	return G_MAXUINT;
}

/* The name that it defines: its first argument, or the second if that is a type. */
static guint defined_argument(const struct statement *statement, guint macro)
{
	const struct token *name = &statement->tokens[macro];
	guint depth = 0;

	if (!has_long_argument(statement, macro) &&
	    !g_strstr_len(name->at, name->length, "PER_CPU"))
		return macro + 2;
	for (guint i = macro + 2; i + 1 < statement->count; i++) {
		if (token_is(&statement->tokens[i], "("))
			depth++;
		else if (token_is(&statement->tokens[i], ")"))
			depth--;
		else if (!depth && token_is(&statement->tokens[i], ","))
			return i + 1;
	}
	return macro + 2;
}

/* How many tokens the head of a statement has: what comes before a body or a value; of a macro's
 * call what comes before its second argument. */
static guint head_of(const struct statement *statement, guint macro)
{
	static const char *const behind[] = {"{", "=", NULL};
	static const char *const argument[] = {",", "{", NULL};
	guint i = 0;

	if (statement->kind == STATEMENT_DEFINE)
		return MIN(statement->count, 2);
	while (i < statement->count &&
	       !token_in(&statement->tokens[i], macro == G_MAXUINT ? behind : argument))
		i++;
	return i;
}

static gboolean is_global(const struct statement *statement, guint head, guint macro)
{
	static const char *const local[] = {"static", "typedef", NULL};
	static const char *const makers[] = {"EXPORT_", "DEFINE_", "DECLARE_", "SYSCALL_", NULL};

	if (macro == 0)
		return token_begins(statement->tokens, makers);
	if (statement->kind != STATEMENT_CODE || statement_is_forward(statement))
		return FALSE;
	for (guint i = 0; i < head; i++)
		if (token_in(&statement->tokens[i], local))
			return FALSE;
	return TRUE;
}

/* What stands around a word. */
static guint flags_around(const struct statement *statement, guint at)
{
	static const char *const tags[] = {"struct", "union", "enum", NULL};
	static const char *const keywords[] = {"if",	 "for",	   "while", "switch", "return",
					       "sizeof", "typeof", "case",  NULL};
	static const char *const before[] = {"(", ",", NULL}, *const behind[] = {",", ")", NULL};
	const struct token *tokens = statement->tokens;
	guint flags = 0;

	if (at + 1 < statement->count && token_is(&tokens[at + 1], "(") &&
	    !token_in(&tokens[at], keywords))
		flags |= WORD_CALLED;
	if (at && token_in(&tokens[at - 1], tags))
		flags |= WORD_TAG;
	if (at && token_in(&tokens[at - 1], before) && at + 1 < statement->count &&
	    token_in(&tokens[at + 1], behind))
		flags |= WORD_ARGUMENT;
	if (at && token_is(&tokens[at - 1], "."))
		flags |= WORD_MEMBER;
	if (at > 1 && token_is(&tokens[at - 1], ">") && token_is(&tokens[at - 2], "-"))
		flags |= WORD_MEMBER;
	/* container_of(at, struct box, lid) */
	if (at > 2 && token_is(&tokens[at - 1], ",") && token_in(&tokens[at - 3], tags))
		flags |= WORD_MEMBER;
	return flags;
}

/* "name __ro_after_init;": tree/statements.h takes the last word for the name, or none. */
static gboolean is_attribute(const struct statement *statement, guint at, guint head)
{
	static const char *const attributes[] = {
		"__aligned", "__attribute",   "__cacheline",	  "____cacheline",
		"__exit",    "__init",	      "__latent_entropy", "__maybe_unused",
		"__percpu",  "__read_mostly", "__ro_after_init",  "__ref",
		"__section", "__used",	      "__visible",	  "__weak",
		NULL};
	static const char *const with_arguments[] = {"__aligned", "__attribute", "__attribute__",
						     "__section", NULL};
	static const char *const behind[] = {";", "=", ",", NULL};
	const struct token *token = &statement->tokens[at];

	if (!at || at >= head)
		return FALSE;
	/* __init_something() is a function. */
	if (at + 1 < statement->count && token_is(&token[1], "("))
		return token_in(token, with_arguments);
	return token_begins(token, attributes) &&
	       (at + 1 == statement->count || token_in(&token[1], behind));
}

/* Whether what may be a member is one, and no parameter of a member: "(*open)(int flags, ...)". */
static gboolean is_member(const struct statement *statement, guint at)
{
	const struct token *tokens = statement->tokens;
	guint open = 0;

	/* Back to where the member's declaration begins. */
	for (guint i = at; i-- > 0 && !token_is(&tokens[i], ";") && !token_is(&tokens[i], "{");) {
		if (token_is(&tokens[i], "("))
			open++;
		else if (token_is(&tokens[i], ")"))
			open--;
	}
	if (!open || at < 2)
		return TRUE;
	if (token_is(&tokens[at - 1], "*"))
		return token_is(&tokens[at - 2], "(");
	return token_is(&tokens[at - 1], "(") && tokens[at - 2].flags & TOKEN_WORD;
}

static guint flags_of(const struct statement *statement, guint at, guint head, guint macro)
{
	static const char *const keywords[] = {"struct", "union", "enum", "const", "static", NULL};
	const struct token *token = &statement->tokens[at];
	guint flags = flags_around(statement, at);

	if (token_in(token, keywords) || is_attribute(statement, at, head))
		return flags;
	if (is_attribute(statement, at + 1, head))
		flags |= WORD_DEFINED;
	if (token->flags & TOKEN_NAMED && at != macro)
		flags |= WORD_DEFINED;
	if (macro != G_MAXUINT && at == defined_argument(statement, macro))
		flags |= WORD_DEFINED;
	if (token->flags & TOKEN_MEMBER && is_member(statement, at))
		flags |= WORD_DEFINED | WORD_MEMBER;
	return flags;
}

/* --- declarations ----------------------------------------------------------------------------- */

/* The word that people call a declaration by: that before "(" rather than others. */
static void choose_name(struct outline *outline, struct declaration *declaration)
{
	for (guint i = 0; i < declaration->words; i++) {
		guint number = declaration->first_word + i;
		const struct word *word = &g_array_index(outline->words, struct word, number);

		if (!(word->flags & WORD_DEFINED) || word->flags & WORD_MEMBER ||
		    word->line > declaration->signature)
			continue;
		if (declaration->named == G_MAXUINT)
			declaration->named = number;
		if (word->flags & WORD_CALLED) {
			declaration->named = number;
			break;
		}
	}
}

static void add_words(struct outline *outline, const struct statement *statement, guint head,
		      guint macro)
{
	static const char *const ends[] = {";", "{", "}", NULL};
	guint global = is_global(statement, head, macro) ? WORD_GLOBAL : 0;

	outline->steps++;
	for (guint i = 0; i < statement->count; i++) {
		const struct token *token = &statement->tokens[i];
		struct word word = {.at = token->at, .length = token->length};

		if (token_in(token, ends))
			outline->steps++;
		if (!(token->flags & TOKEN_WORD))
			continue;
		word.step = outline->steps;
		word.line = line_of(outline, token);
		word.flags = flags_of(statement, i, head, macro);
		if (word.flags & WORD_DEFINED)
			word.flags |= global;
		g_array_append_val(outline->words, word);
	}
}

static void own_lines(struct outline *outline, guint first, guint last, gint32 owner)
{
	for (guint line = first; line <= last; line++)
		outline->owners[line] = owner;
}

static void add_statement(const struct statement *statement, gpointer data)
{
	struct outline *outline = data;
	guint macro = defining_macro(statement), head = head_of(statement, macro);
	struct declaration declaration = {.named = G_MAXUINT,
					  .first_word = outline->words->len,
					  .type = statement->kind == STATEMENT_TYPE};

	declaration.first = line_of(outline, &statement->tokens[0]);
	declaration.last = line_of(outline, &statement->tokens[statement->count - 1]);
	declaration.signature = line_of(outline, &statement->tokens[head ? head - 1 : 0]);
	add_words(outline, statement, head, macro);
	declaration.words = outline->words->len - declaration.first_word;
	choose_name(outline, &declaration);
	own_lines(outline, declaration.first, declaration.last, (gint32)outline->declarations->len);
	g_array_append_val(outline->declarations, declaration);
}

static gboolean is_blank(const struct text *text, guint line)
{
	gsize length;
	const char *start = text_line(text, line, &length);

	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isspace(start[i]))
			return FALSE;
	return TRUE;
}

/* What is neither blank nor code is a comment: it goes with the code that follows it. */
static void own_comments(struct outline *outline)
{
	gint32 next = -1;

	for (guint line = outline->text->count; line-- > 0;) {
		if (is_blank(outline->text, line))
			continue;
		if (outline->owners[line] < 0)
			outline->owners[line] = next;
		else
			next = outline->owners[line];
	}
}

struct outline *outline_read(const struct text *text)
{
	struct outline *outline = g_new0(struct outline, 1);

	outline->text = text;
	outline->declarations = g_array_new(FALSE, FALSE, sizeof(struct declaration));
	outline->words = g_array_new(FALSE, FALSE, sizeof(struct word));
	outline->owners = g_new(gint32, text->count + 1);
	for (guint line = 0; line <= text->count; line++)
		outline->owners[line] = -1;
	if (text->size)
		statements_read(text->data, text->size, add_statement, outline);
	own_comments(outline);
	return outline;
}

void outline_free(struct outline *outline)
{
	g_array_unref(outline->declarations);
	g_array_unref(outline->words);
	g_free(outline->owners);
	g_free(outline);
}

gboolean outline_divides(const struct outline *outline, guint line)
{
	return !line || line >= outline->text->count || outline->owners[line] < 0 ||
	       outline->owners[line] != outline->owners[line - 1];
}

const struct word *outline_member_of_call(const struct outline *outline, guint call)
{
	const char *text_end = outline->text->data + outline->text->size;
	const struct word *word = &g_array_index(outline->words, struct word, call);
	const char *at = memchr(word->at, '(', text_end - word->at), *end = at;
	const struct word *last = NULL;

	while (end && end < text_end && *end != ',' && *end != ')' && *end != ';')
		end++;
	if (!at || !g_strstr_len(at, end - at, "->"))
		return NULL;
	for (guint i = call + 1; i < outline->words->len; i++) {
		word = &g_array_index(outline->words, struct word, i);
		if (word->at >= end)
			break;
		last = word->flags & WORD_MEMBER ? word : last;
	}
	return last;
}

gboolean outline_has(const struct outline *outline, const struct word *wanted, guint32 flags)
{
	for (guint i = 0; i < outline->words->len; i++) {
		const struct word *word = &g_array_index(outline->words, struct word, i);

		if ((word->flags & flags) == flags && words_equal(word, wanted))
			return TRUE;
	}
	return FALSE;
}

gboolean word_calls(const struct word *word, const char *const *names, gsize count)
{
	for (gsize i = 0; i < count && word->flags & WORD_CALLED; i++)
		if (word->length == strlen(names[i]) && !memcmp(word->at, names[i], word->length))
			return TRUE;
	return FALSE;
}
