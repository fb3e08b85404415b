/*
 * Text to definitions: comments and strings are blanked first, then conditions on the kernel's
 * version are decided, then braces are counted.
 */
#include "compare/source.h"

#include <stdio.h>
#include <string.h>

static void definition_free(gpointer data)
{
	struct definition *definition = data;

	g_free(definition->name);
	g_free(definition->text);
	g_hash_table_unref(definition->words);
	g_free(definition);
}

struct source *source_new(void)
{
	struct source *source = g_new0(struct source, 1);

	source->definitions = g_ptr_array_new_with_free_func(definition_free);
	return source;
}

void source_free(struct source *source)
{
	g_ptr_array_unref(source->definitions);
	g_free(source);
}

/* --- comments and strings -------------------------------------------------------------------- */

static void blank(char *from, const char *to)
{
	for (; from < to; from++)
		if (*from != '\n')
			*from = ' ';
}

/* The end of a string or character constant that begins here. */
static char *constant_end(char *from)
{
	char quote = *from;

	for (from++; *from && *from != quote; from++)
		if (*from == '\\' && from[1])
			from++;
	return *from ? from + 1 : from;
}

/* Line ends stay, so that lines can be counted; quotes stay, so that there is something. */
static void blank_text(char *at)
{
	while (*at) {
		char *end = at + 1;

		if (g_str_has_prefix(at, "/*")) {
			end = strstr(at + 2, "*/");
			end = end ? end + 2 : at + strlen(at);
			blank(at, end);
		} else if (g_str_has_prefix(at, "//")) {
			end = at + strcspn(at, "\n");
			blank(at, end);
		} else if (*at == '"' || *at == '\'') {
			end = constant_end(at);
			blank(at + 1, end - 1);
		}
		at = end;
	}
}

/* --- conditions ------------------------------------------------------------------------------ */

struct condition {
	gboolean version; /* on the kernel's version; another is no matter of ours */
	gboolean taken;
};

/* "#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)" */
static struct condition read_condition(const char *line, guint series)
{
	guint major, minor;

	if (sscanf(line, "#if LINUX_VERSION_CODE >= KERNEL_VERSION(%u, %u", &major, &minor) != 2)
		return (struct condition){FALSE, TRUE};
	return (struct condition){TRUE, series >= major * 1000 + minor};
}

/*
 * Blanks all lines of the preprocessor and those that this kernel does not have.  Returns a byte a
 * line: how many conditions on the version it is under.
 */
static GByteArray *decide_conditions(char *text, guint series)
{
	g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(struct condition));
	GByteArray *depths = g_byte_array_new();
	gboolean continued = FALSE;

	for (char *line = text, *next; *line; line = next) {
		char *end = line + strcspn(line, "\n");
		gboolean directive = *line == '#' || continued;
		guint8 depth = 0, taken = TRUE;

		next = *end ? end + 1 : end;
		continued = directive && end > line && end[-1] == '\\';
		if (g_str_has_prefix(line, "#if")) {
			struct condition condition = read_condition(line, series);

			g_array_append_val(stack, condition);
		} else if (g_str_has_prefix(line, "#else") && stack->len) {
			struct condition *last =
				&g_array_index(stack, struct condition, stack->len - 1);

			last->taken = !last->version || !last->taken;
		} else if (g_str_has_prefix(line, "#endif") && stack->len) {
			g_array_set_size(stack, stack->len - 1);
		}
		for (guint i = 0; i < stack->len; i++) {
			depth += g_array_index(stack, struct condition, i).version;
			taken &= g_array_index(stack, struct condition, i).taken;
		}
		if (directive || !taken)
			blank(line, end);
		g_byte_array_append(depths, &depth, 1);
	}
	return depths;
}

/* --- definitions ----------------------------------------------------------------------------- */

static gboolean is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/*
 * The end of what begins here at depth 0: behind the brace of a function's body, else behind a
 * semicolon.  A body is what follows a closing parenthesis.
 */
static const char *definition_end(const char *at)
{
	gboolean body = FALSE;
	char last = ' ';
	int depth = 0;

	for (; *at; at++) {
		if (*at == '{' && depth++ == 0)
			body = last == ')';
		else if (*at == '}' && --depth == 0 && body)
			return at + 1;
		else if (*at == ';' && depth == 0)
			return at + 1;
		if (!g_ascii_isspace(*at))
			last = *at;
	}
	return at;
}

static char *word_before(const char *text, const char *at)
{
	while (at > text && !is_word(at[-1]))
		at--;
	const char *end = at;
	while (at > text && is_word(at[-1]))
		at--;
	return g_strndup(at, (gsize)(end - at));
}

/*
 * The name: before the first parenthesis of a function; before the first of `=`, `[`, `;` of a
 * variable, before the brace of a type.  What an attribute follows ends there.
 */
static char *definition_name(const char *text)
{
	const char *end = text + strcspn(text, "(=[;{");
	g_autofree char *name = word_before(text, end);

	if (g_str_has_prefix(name, "__") && strstr(name, "section"))
		return word_before(text, strstr(text, name));
	return g_steal_pointer(&name);
}

static GHashTable *find_words(const char *text)
{
	GHashTable *words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	while (*text) {
		gsize length = 0;

		while (is_word(text[length]))
			length++;
		if (length && !g_ascii_isdigit(*text))
			g_hash_table_add(words, g_strndup(text, length));
		text += length ? length : 1;
	}
	return words;
}

static guint count_lines(const char *text)
{
	guint lines = 0;

	while (*text) {
		gsize length = strcspn(text, "\n");

		lines += strspn(text, " \t") < length;
		text += length + (text[length] == '\n');
	}
	return lines;
}

/* A declaration says what is defined elsewhere. */
static gboolean is_declaration(const char *text, gboolean invokes)
{
	return !invokes && !strchr(text, '{') && !strchr(text, '=') &&
	       (strchr(text, '(') || g_str_has_prefix(text, "extern ") ||
		g_str_has_prefix(text, "struct "));
}

/* Conditions begin anew with each line that is under more of them than the one before. */
static guint count_conditions(const GByteArray *depths, guint line, const char *text)
{
	guint last = line ? depths->data[line - 1] : 0, count = depths->data[line] > 0;

	for (last = depths->data[line]; (text = strchr(text, '\n')); text++) {
		guint depth = depths->data[++line];

		count += depth > last;
		last = depth;
	}
	return count;
}

static guint line_of(const char *text, const char *at)
{
	guint line = 0;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

void source_add(struct source *source, const char *file, const char *original, guint series)
{
	g_autofree char *text = g_strdup(original);

	blank_text(text);
	g_autoptr(GByteArray) depths = decide_conditions(text, series);
	for (const char *at = text + strspn(text, " \t\n"), *end; *at;
	     at = end + strspn(end, " \t\n")) {
		struct definition *definition;
		g_autofree char *own = NULL;

		end = definition_end(at);
		own = g_strndup(at, (gsize)(end - at));
		gboolean invokes = own[strspn(own, G_CSET_a_2_z G_CSET_A_2_Z "_")] == '(';
		if (is_declaration(own, invokes))
			continue;
		definition = g_new0(struct definition, 1);
		definition->file = file;
		definition->name = definition_name(own);
		definition->lines = count_lines(own);
		definition->conditions = count_conditions(depths, line_of(text, at), own);
		definition->words = find_words(own);
		definition->invokes = invokes;
		definition->text = g_steal_pointer(&own);
		g_ptr_array_add(source->definitions, definition);
	}
}

GPtrArray *source_find(const struct source *source, const char *name)
{
	GPtrArray *found = g_ptr_array_new();

	for (guint i = 0; i < source->definitions->len; i++) {
		struct definition *definition = source->definitions->pdata[i];

		if (!strcmp(definition->name, name))
			g_ptr_array_add(found, definition);
	}
	return found;
}
