/*
 * Module.symvers as a table by name.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "kernel/exports.h"

enum field { CRC, NAME, OBJECT, KIND, NAME_SPACE, FIELDS };

struct exports {
	char *text;	     /* the file, in which the strings lie */
	GArray *all;	     /* of struct export */
	GHashTable *by_name; /* name to struct export */
};

/* Cuts a line at its tabs. */
static gboolean split_line(char *line, char *fields[FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&line, "\t");
		if (!fields[i])
			return FALSE;
	}
	return !line;
}

/* "drivers/net/dummy-one" to "dummy_one", in place. */
static char *module_name(char *path)
{
	char *slash = strrchr(path, '/');

	return g_strdelimit(slash ? slash + 1 : path, "-", '_');
}

static gboolean parse_line(char *line, struct export *export)
{
	char *fields[FIELDS];
	guint64 crc;

	if (!split_line(line, fields) || !g_str_has_prefix(fields[CRC], "0x") ||
	    !g_ascii_string_to_unsigned(fields[CRC] + 2, 16, 0, G_MAXUINT32, &crc, NULL) ||
	    !*fields[NAME] || !g_str_has_prefix(fields[KIND], "EXPORT_SYMBOL"))
		return FALSE;
	*export = (struct export){
		.name = fields[NAME],
		.object = module_name(fields[OBJECT]),
		.name_space = fields[NAME_SPACE],
		.crc = (guint32)crc,
		.gpl = g_str_has_suffix(fields[KIND], "_GPL"),
	};
	return *export->object;
}

/* Parses all lines; returns the number of the first bad one, or 0. */
static guint parse_lines(char *text, GArray *all)
{
	for (guint number = 1;; number++) {
		char *line = strsep(&text, "\n");
		struct export export;

		if (!text) /* what follows the last newline */
			return *line ? number : 0;
		if (!parse_line(line, &export))
			return number;
		g_array_append_val(all, export);
	}
}

/* Returns the name that is exported twice, or NULL. */
static const char *index_names(struct exports *exports)
{
	for (guint i = 0; i < exports->all->len; i++) {
		struct export *export = &g_array_index(exports->all, struct export, i);

		if (!g_hash_table_insert(exports->by_name, (char *)export->name, export))
			return export->name;
	}
	return NULL;
}

struct exports *exports_read(const char *symvers, GError **error)
{
	static const char what[] = "the kernel's exports can't be read";
	AUTO(exports) exports = g_new0(struct exports, 1);

	exports->all = g_array_new(FALSE, FALSE, sizeof(struct export));
	exports->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	exports->text = files_read_text(symvers, error);
	if (!exports->text)
		return NULL;

	guint bad = parse_lines(exports->text, exports->all);
	if (bad) {
		klatch_fail(error, KLATCH_INPUT, what, symvers, NULL,
			    "line %u is not a CRC, a name, an object, a kind and a namespace", bad);
		return NULL;
	}
	const char *twice = index_names(exports);
	if (twice) {
		klatch_fail(error, KLATCH_INPUT, what, symvers, NULL, "%s is exported twice",
			    twice);
		return NULL;
	}
	return g_steal_pointer(&exports);
}

void exports_free(struct exports *exports)
{
	if (!exports)
		return;
	g_hash_table_unref(exports->by_name);
	g_array_unref(exports->all);
	g_free(exports->text);
	g_free(exports);
}

const struct export *exports_find(const struct exports *exports, const char *name)
{
	return g_hash_table_lookup(exports->by_name, name);
}
