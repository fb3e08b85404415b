/*
 * The table of vmlinux's symbols: read from and written as text.  How it is decoded from the image
 * is in kallsyms_decode.c.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "kernel/kallsyms.h"

#define ADDRESS_DIGITS 16
#define NAME_COLUMN    (ADDRESS_DIGITS + 3) /* "ffffffff81000000 T _text" */

struct kallsyms *kallsyms_new(struct kallsym *symbols, gsize count, char *text)
{
	struct kallsyms *kallsyms = g_new0(struct kallsyms, 1);

	kallsyms->symbols = symbols;
	kallsyms->count = count;
	kallsyms->text = text;
	return kallsyms;
}

void kallsyms_free(struct kallsyms *kallsyms)
{
	if (!kallsyms)
		return;
	g_free(kallsyms->symbols);
	g_free(kallsyms->text);
	g_free(kallsyms);
}

static gboolean parse_address(const char *digits, guint64 *address)
{
	*address = 0;
	for (int i = 0; i < ADDRESS_DIGITS; i++) {
		int digit = g_ascii_xdigit_value(digits[i]);

		if (digit < 0)
			return FALSE;
		*address = *address << 4 | (guint)digit;
	}
	return TRUE;
}

/* Parses the line at `line`, whose '\n' at `end` becomes the end of the name. */
static gboolean parse_line(char *line, char *end, struct kallsym *symbol)
{
	char *name = line + NAME_COLUMN;

	if (end <= name || !parse_address(line, &symbol->address) || line[ADDRESS_DIGITS] != ' ' ||
	    !g_ascii_isalpha(line[ADDRESS_DIGITS + 1]) || line[ADDRESS_DIGITS + 2] != ' ')
		return FALSE;
	for (const char *at = name; at < end; at++)
		if (!g_ascii_isgraph(*at))
			return FALSE;
	*end = '\0';
	symbol->type = line[ADDRESS_DIGITS + 1];
	symbol->name = name;
	return TRUE;
}

/* Parses all lines; returns the number of the first bad one, or 0. */
static guint parse_lines(char *text, char *end, GArray *symbols)
{
	guint64 last = 0;
	guint number = 1;

	for (char *line = text; line < end; number++) {
		char *stop = memchr(line, '\n', (gsize)(end - line));
		struct kallsym symbol;

		if (!stop || !parse_line(line, stop, &symbol) || symbol.address < last)
			return number;
		last = symbol.address;
		g_array_append_val(symbols, symbol);
		line = stop + 1;
	}
	return symbols->len ? 0 : number;
}

struct kallsyms *kallsyms_read(const char *path, GError **error)
{
	g_autoptr(GBytes) content = files_map(path, error);
	if (!content)
		return NULL;

	gsize size;
	const char *mapped = g_bytes_get_data(content, &size);
	g_autofree char *text = g_memdup2(mapped, size);
	GArray *symbols = g_array_new(FALSE, FALSE, sizeof(struct kallsym));
	guint bad = parse_lines(text, text + size, symbols);
	gsize count = symbols->len;
	g_autofree struct kallsym *parsed = (struct kallsym *)g_array_free(symbols, FALSE);

	if (bad) {
		klatch_fail(error, KLATCH_INPUT, "the kernel's symbols can't be read", path, NULL,
			    "line %u is not an address, a type and a name, or not in order", bad);
		return NULL;
	}
	return kallsyms_new(g_steal_pointer(&parsed), count, g_steal_pointer(&text));
}

char *kallsyms_format(const struct kallsyms *kallsyms)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < kallsyms->count; i++) {
		const struct kallsym *symbol = &kallsyms->symbols[i];

		g_string_append_printf(text, "%016" G_GINT64_MODIFIER "x %c %s\n", symbol->address,
				       symbol->type, symbol->name);
	}
	return g_string_free(text, FALSE);
}
