/*
 * A lexer that knows comments, strings, directives, parentheses and braces, and where a brace at
 * file scope opens a function's body rather than a type or an initialiser.
 *
 * Unsure, it says "outside of a function": that only costs a comparison of types.
 */
#include "tree/lines.h"

#include <string.h>

#include "base/error.h"
#include "base/process.h"

/* Where the lexer stands in the structure of the program; kept and restored by conditionals. */
struct nesting {
	guint parentheses;
	guint braces;
	gboolean in_body;  /* within a function's body */
	gboolean callable; /* this file-scope statement has NAME(...): a function or a macro call */
	gboolean assigned; /* ... and a '=' */
};

struct lexer {
	const char *text;
	GArray *lines;
	struct line *line; /* the one that is read */
	struct nesting nesting;
	GArray *conditionals; /* of struct nesting: as it was at each open #if */
	const char *word;     /* the identifier just read, if nothing but space came since */
	gsize word_length;
	char quote;	     /* the quote character of an open string, or 0 */
	gboolean in_comment; /* of the block form */
	gboolean in_line_comment;
	gboolean in_directive;
	gboolean continued; /* the line before ended in a backslash */
	gboolean branched;  /* the directive that is read is an #else, #elif or #endif */
	gboolean branch;    /* the line before ended such a directive */
};

static gboolean word_is(const char *word, gsize length, const char *text)
{
	return strlen(text) == length && !memcmp(word, text, length);
}

static gboolean word_in(const char *word, gsize length, const char *const *list)
{
	for (; *list; list++)
		if (word_is(word, length, *list))
			return TRUE;
	return FALSE;
}

static gsize word_span(const char *at, const char *end)
{
	const char *c = at;

	while (c < end && (g_ascii_isalnum(*c) || *c == '_'))
		c++;
	return c - at;
}

static gboolean at_file_scope(const struct lexer *lexer)
{
	return !lexer->nesting.parentheses && !lexer->nesting.braces;
}

/*
 * After #else the code begins where the code after #if began: without this, braces that both
 * branches open would count twice.
 */
static void read_conditional(struct lexer *lexer, const char *word, gsize length)
{
	static const char *const openers[] = {"if", "ifdef", "ifndef", NULL};
	static const char *const branches[] = {"else", "elif", "elifdef", "elifndef", NULL};
	guint depth = lexer->conditionals->len;

	if (word_in(word, length, openers)) {
		g_array_append_val(lexer->conditionals, lexer->nesting);
	} else if (depth && word_in(word, length, branches)) {
		lexer->nesting = g_array_index(lexer->conditionals, struct nesting, depth - 1);
		lexer->branched = TRUE;
	} else if (depth && word_is(word, length, "endif")) {
		g_array_set_size(lexer->conditionals, depth - 1);
		lexer->branched = TRUE;
	}
}

static void read_directive(struct lexer *lexer, const char *hash, const char *end)
{
	const char *word = hash + 1;

	while (word < end && (*word == ' ' || *word == '\t'))
		word++;
	lexer->in_directive = TRUE;
	lexer->branched = FALSE;
	read_conditional(lexer, word, word_span(word, end));
}

static void end_statement(struct lexer *lexer)
{
	lexer->nesting.callable = FALSE;
	lexer->nesting.assigned = FALSE;
}

static void read_word(struct lexer *lexer, const char *word, gsize length)
{
	static const char *const types[] = {"struct", "union", "enum", NULL};

	lexer->word = word;
	lexer->word_length = length;
	/* A macro call without semicolon may come before a type; what counts comes after it. */
	if (at_file_scope(lexer) && word_in(word, length, types))
		lexer->nesting.callable = FALSE;
}

static void open_parenthesis(struct lexer *lexer)
{
	/* These may stand in a type's definition. */
	static const char *const attributes[] = {"__attribute__", "__attribute", "__aligned", NULL};

	if (at_file_scope(lexer) && lexer->word &&
	    !word_in(lexer->word, lexer->word_length, attributes))
		lexer->nesting.callable = TRUE;
	lexer->nesting.parentheses++;
}

static void open_brace(struct lexer *lexer)
{
	if (at_file_scope(lexer))
		lexer->nesting.in_body = lexer->nesting.callable && !lexer->nesting.assigned;
	lexer->nesting.braces++;
}

static void close_brace(struct lexer *lexer, gboolean first_in_line)
{
	struct nesting *nesting = &lexer->nesting;

	/* One in the first column ends all: so an error ends with the function it was made in. */
	if (first_in_line)
		nesting->braces = nesting->parentheses = 0;
	else if (nesting->braces)
		nesting->braces--;
	if (!nesting->braces) {
		nesting->in_body = FALSE;
		end_statement(lexer);
	}
}

/* A character of code that is no part of a word, a string or a comment. */
static void read_punctuation(struct lexer *lexer, const char *c)
{
	switch (*c) {
	case '(':
		open_parenthesis(lexer);
		break;
	case ')':
		if (lexer->nesting.parentheses)
			lexer->nesting.parentheses--;
		break;
	case '{':
		open_brace(lexer);
		break;
	case '}':
		close_brace(lexer, c == lexer->text + lexer->line->start);
		break;
	case ';':
		if (at_file_scope(lexer))
			end_statement(lexer);
		break;
	case '=':
		if (at_file_scope(lexer))
			lexer->nesting.assigned = TRUE;
		break;
	case '"':
	case '\'':
		lexer->quote = *c;
		break;
	}
	lexer->word = NULL;
}

/* What is left of a string on this line. */
static const char *skip_string(struct lexer *lexer, const char *c, const char *end)
{
	for (; c < end; c++) {
		if (*c == '\\' && c + 1 < end) {
			c++;
		} else if (*c == lexer->quote) {
			lexer->quote = 0;
			return c + 1;
		}
	}
	return end;
}

static const char *skip_comment(struct lexer *lexer, const char *c, const char *end)
{
	const char *close = lexer->in_line_comment ? NULL : memmem(c, end - c, "*/", 2);

	if (!close)
		return end;
	lexer->in_comment = FALSE;
	return close + 2;
}

/* One token, or a comment or string as far as this line goes.  Returns what follows it. */
static const char *read_code(struct lexer *lexer, const char *c, const char *end)
{
	gsize length;

	if (end - c >= 2 && c[0] == '/' && (c[1] == '*' || c[1] == '/')) {
		lexer->in_comment = c[1] == '*';
		lexer->in_line_comment = c[1] == '/';
		return c + 2;
	}
	if (!lexer->in_directive && !lexer->nesting.in_body)
		lexer->line->flags |= LINE_OUTSIDE;
	length = word_span(c, end);
	if (lexer->in_directive) {
		if (!length && (*c == '"' || *c == '\''))
			lexer->quote = *c;
	} else if (length) {
		read_word(lexer, c, length);
	} else {
		read_punctuation(lexer, c);
	}
	return c + MAX(length, 1);
}

static void begin_line(struct lexer *lexer)
{
	struct line *line = lexer->line;
	gboolean inside = lexer->in_comment || lexer->continued || lexer->nesting.parentheses;

	if (!inside)
		line->flags |= LINE_SAFE;
	if (lexer->branch && !lexer->continued)
		line->flags |= LINE_BRANCH;
	line->level = lexer->conditionals->len;
	lexer->branch = FALSE;
}

static void end_line(struct lexer *lexer, const char *end)
{
	if (lexer->in_directive)
		lexer->line->flags |= LINE_DIRECTIVE;
	lexer->continued = end > lexer->text + lexer->line->start && end[-1] == '\\';
	if (lexer->continued)
		return;
	/* A string ends with its line: an apostrophe in text under #if 0 does no harm. */
	lexer->quote = 0;
	lexer->in_line_comment = FALSE;
	if (lexer->in_directive && !lexer->in_comment) {
		lexer->in_directive = FALSE;
		lexer->branch = lexer->branched;
	}
}

static void read_line(struct lexer *lexer)
{
	const char *c = lexer->text + lexer->line->start;
	const char *end = lexer->text + lexer->line->end;
	gboolean first = !lexer->continued && !lexer->in_comment;

	if (end > c && end[-1] == '\n')
		end--;
	begin_line(lexer);
	while (c < end) {
		if (lexer->in_comment || lexer->in_line_comment) {
			c = skip_comment(lexer, c, end);
		} else if (lexer->quote) {
			c = skip_string(lexer, c, end);
		} else if (g_ascii_isspace(*c)) {
			c++;
		} else if (first && *c == '#') {
			read_directive(lexer, c, end);
			c++;
			first = FALSE;
		} else {
			first = FALSE;
			c = read_code(lexer, c, end);
		}
	}
	end_line(lexer, end);
}

gboolean lines_are_of_c(const char *path)
{
	return g_str_has_suffix(path, ".c") || g_str_has_suffix(path, ".h");
}

GArray *lines_read(const char *text, gsize size)
{
	struct lexer lexer = {.text = text};
	gsize at = 0;

	lexer.lines = g_array_new(FALSE, TRUE, sizeof(struct line));
	lexer.conditionals = g_array_new(FALSE, FALSE, sizeof(struct nesting));
	while (at < size) {
		const char *newline = memchr(text + at, '\n', size - at);
		struct line line = {.start = at, .end = size};

		if (newline)
			line.end = newline + 1 - text;
		g_array_append_val(lexer.lines, line);
		lexer.line = &g_array_index(lexer.lines, struct line, lexer.lines->len - 1);
		read_line(&lexer);
		at = line.end;
	}
	g_array_unref(lexer.conditionals);
	return lexer.lines;
}

/* "12" or "12,15", counted from 1: the first line and how many. */
static const char *read_range(const char *text, guint *start, guint *count)
{
	char *end;
	guint last;

	*start = last = g_ascii_strtoull(text, &end, 10);
	if (*end == ',')
		last = g_ascii_strtoull(end + 1, &end, 10);
	*count = last - *start + 1;
	return end;
}

GArray *lines_runs(const char *differences)
{
	GArray *runs = g_array_new(FALSE, FALSE, sizeof(struct run));
	const char *line = differences;

	while (line && *line) {
		if (g_ascii_isdigit(*line)) {
			struct run run;
			const char *kind = read_range(line, &run.old_start, &run.old_count);

			read_range(kind + 1, &run.new_start, &run.new_count);
			/* Of an addition or a deletion diff names the line before. */
			if (*kind == 'a')
				run.old_count = 0;
			else
				run.old_start--;
			if (*kind == 'd')
				run.new_count = 0;
			else
				run.new_start--;
			g_array_append_val(runs, run);
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return runs;
}

GArray *lines_compare(const char *original, const char *patched, gboolean minimal, GError **error)
{
	static const char *const environment[] = {"LC_ALL=C", NULL};
	const char *argv[] = {"diff",	"--text", minimal ? "--minimal" : "--",
			      original, patched,  NULL};
	struct process process = {.argv = argv, .environment = environment};
	AUTO_PROCESS_RESULT result = {0};

	if (!process_run(&process, &result, error))
		return NULL;
	if (result.status <= 1)
		return lines_runs(result.output);
	klatch_fail(error, KLATCH_ENVIRONMENT, "two versions of a file can't be compared", original,
		    NULL, "%s", g_strchomp(result.errors));
	return NULL;
}

struct renumbering {
	const char *text;
	GString *result;
	guint number;	    /* what the compiler takes the next line to be, counted from 1 */
	guint dirty_level;  /* how many conditionals the last #line lies in: if one of them is false
			       the compiler did not see it */
	gboolean uncertain; /* ... and that conditional has ended */
};

/* Puts a line of the patched text; original: the number it must have, or 0 if it is changed. */
static void put_line(struct renumbering *renumbering, const struct line *line, guint original)
{
	if (line->flags & LINE_BRANCH && renumbering->dirty_level) {
		renumbering->uncertain = TRUE;
		renumbering->dirty_level = MIN(renumbering->dirty_level, line->level);
	}
	if (original && line->flags & LINE_SAFE &&
	    (renumbering->number != original || renumbering->uncertain)) {
		g_string_append_printf(renumbering->result, "#line %u\n", original);
		renumbering->number = original;
		renumbering->uncertain = FALSE;
		renumbering->dirty_level = MAX(renumbering->dirty_level, line->level);
	}
	g_string_append_len(renumbering->result, renumbering->text + line->start,
			    line->end - line->start);
	renumbering->number++;
}

char *lines_renumber(const char *text, gsize size, const GArray *runs, gsize *result_size)
{
	g_autoptr(GArray) lines = lines_read(text, size);
	struct renumbering renumbering = {.text = text, .number = 1};
	guint next = 0, old = 0; /* old: the original line that the next unchanged one was */

	renumbering.result = g_string_sized_new(size + 64);
	for (guint i = 0; i < lines->len;) {
		const struct line *line = &g_array_index(lines, struct line, i);
		const struct run *run = NULL;

		if (next < runs->len)
			run = &g_array_index(runs, struct run, next);
		if (!run || i < run->new_start) {
			put_line(&renumbering, line, ++old);
			i++;
			continue;
		}
		for (; i < run->new_start + run->new_count && i < lines->len; i++)
			put_line(&renumbering, &g_array_index(lines, struct line, i), 0);
		old += run->old_count;
		next++;
	}
	*result_size = renumbering.result->len;
	return g_string_free(renumbering.result, FALSE);
}

static gboolean any_at_file_scope(const GArray *lines, guint start, guint count)
{
	for (guint i = start; i < start + count && i < lines->len; i++)
		if (g_array_index(lines, struct line, i).flags & (LINE_DIRECTIVE | LINE_OUTSIDE))
			return TRUE;
	return FALSE;
}

gboolean lines_at_file_scope(const GArray *original, const GArray *patched, const GArray *runs)
{
	for (guint i = 0; i < runs->len; i++) {
		const struct run *run = &g_array_index(runs, struct run, i);

		if (any_at_file_scope(original, run->old_start, run->old_count) ||
		    any_at_file_scope(patched, run->new_start, run->new_count))
			return TRUE;
	}
	return FALSE;
}
