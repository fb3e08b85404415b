/*
 * One pass: comments and blanks go, literals stay as they are.  The end of a directive stays, too,
 * for it means something.
 */
#include "release/code.h"

#include <string.h>

struct reading {
	const struct text *text;
	struct code *code;
	const char *at, *end;
	guint line;
	gboolean blank;	    /* since the last byte of code */
	gboolean directive; /* the line is one */
};

static gboolean is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/* How long the comment that begins here is; 0 if none does. */
static gsize comment_length(const char *at, const char *end)
{
	const char *close;

	if (end - at < 2 || at[0] != '/' || (at[1] != '*' && at[1] != '/'))
		return 0;
	close = at[1] == '*' ? memmem(at + 2, end - at - 2, "*/", 2) : memchr(at, '\n', end - at);
	if (!close)
		return end - at;
	return close + (at[1] == '*' ? 2 : 0) - at;
}

/* How long the string or character is; one that does not end ends with its line. */
static gsize literal_length(const char *at, const char *end)
{
	const char *from = at;

	for (at++; at < end && *at != '\n'; at++) {
		if (*at == '\\' && at + 1 < end)
			at++;
		else if (*at == *from)
			return at + 1 - from;
	}
	return at - from;
}

static void put(struct reading *reading, gsize length)
{
	GString *bytes = reading->code->bytes;

	if (reading->blank && bytes->len && is_word(bytes->str[bytes->len - 1]) &&
	    is_word(*reading->at))
		g_string_append_c(bytes, ' ');
	reading->blank = FALSE;
	g_string_append_len(bytes, reading->at, length);
	reading->at += length;
}

static void read_blank(struct reading *reading)
{
	if (*reading->at == '\n' && reading->directive)
		put(reading, 1);
	else
		reading->at++;
	reading->blank = TRUE;
}

/* Before a line's first byte of code. */
static gboolean at_line_start(const struct reading *reading)
{
	return reading->code->bytes->len == reading->code->starts[reading->line];
}

static void read_next(struct reading *reading)
{
	gsize comment = comment_length(reading->at, reading->end);

	if (comment) {
		reading->at += comment;
		reading->blank = TRUE;
		return;
	}
	if (g_ascii_isspace(*reading->at)) {
		read_blank(reading);
		return;
	}
	reading->directive |= *reading->at == '#' && at_line_start(reading);
	if (*reading->at == '"' || *reading->at == '\'')
		put(reading, literal_length(reading->at, reading->end));
	else
		put(reading, 1);
}

static void begin_lines(struct reading *reading)
{
	const struct text *text = reading->text;
	gsize offset = reading->at - text->data;

	while (reading->line < text->count && text->starts[reading->line + 1] <= offset) {
		reading->code->starts[++reading->line] = reading->code->bytes->len;
		reading->directive = FALSE;
	}
}

struct code *code_read(const struct text *text)
{
	struct code *code = g_new0(struct code, 1);
	struct reading reading = {.text = text, .code = code, .at = text->data};

	code->bytes = g_string_new(NULL);
	code->starts = g_new0(gsize, text->count + 1);
	reading.end = text->data + text->size;
	while (reading.at < reading.end) {
		read_next(&reading);
		begin_lines(&reading);
	}
	return code;
}

void code_free(struct code *code)
{
	g_string_free(code->bytes, TRUE);
	g_free(code->starts);
	g_free(code);
}

char *code_of_lines(const struct code *code, guint start, guint end)
{
	gsize length = code->starts[end] - code->starts[start];

	return g_strstrip(g_strndup(code->bytes->str + code->starts[start], length));
}

struct nesting code_nesting(const char *code)
{
	struct nesting nesting = {0, 0};
	const char *end = code + strlen(code);

	for (const char *at = code; at < end;) {
		if (strchr("{(", *at))
			nesting.last++;
		if (strchr("})", *at)) {
			nesting.last--;
			nesting.lowest = MIN(nesting.lowest, nesting.last);
		}
		at += *at == '"' || *at == '\'' ? literal_length(at, end) : 1;
	}
	return nesting;
}
