/*
 * Format: deb-changelog(5), with the habits of Debian's kernel: items begin with "*", "-" or "+"
 * and are indented by level; an item that has others below is a heading, and only the others are
 * entries.
 */
#include "release/changelog.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/error.h"
#include "kernel/unpack.h"

/* Sizes today: 4 MB unpacked. */
#define CHANGELOG_LIMIT ((gsize)256 << 20)

/* No deeper than Debian's: what is indented further belongs to the item above. */
#define LEVELS 4

/* An item whose text is still being read. */
struct item {
	guint indent;
	GString *text;
	gboolean heading; /* others stand below */
};

struct reader {
	struct changelog *changelog;
	char *version;		   /* of the section, or NULL before the first */
	struct item items[LEVELS]; /* the item that is read, below its headings */
	guint depth;
};

/* --- one item -------------------------------------------------------------------------------- */

static void entry_free(struct changelog_entry *entry)
{
	g_free(entry->subject);
	g_free(entry->version);
	g_free(entry->where);
	g_ptr_array_unref(entry->cves);
	g_ptr_array_unref(entry->bugs);
	g_free(entry);
}

/* Adds each word of `text` that a run of `kept` characters behind `prefix` makes. */
static void find_all(const char *text, const char *prefix, const char *kept, gboolean with_prefix,
		     GPtrArray *found)
{
	for (const char *at = text; (at = strstr(at, prefix));) {
		const char *start = with_prefix ? at : at + strlen(prefix);
		gsize length = strspn(at + strlen(prefix), kept);

		at += strlen(prefix) + length;
		if (length)
			g_ptr_array_add(found, g_strndup(start, at - start));
	}
}

/* Takes "(CVE-..., CVE-...)" and "(Closes: #...)" off the end of a text. */
static gboolean take_list(struct changelog_entry *entry, char *text)
{
	char *open = strrchr(text, '(');
	gsize length = strlen(text);

	if (!open || text[length - 1] != ')')
		return FALSE;
	if (g_str_has_prefix(open, "(CVE-"))
		find_all(open, "CVE-", "0123456789-", TRUE, entry->cves);
	else if (!g_ascii_strncasecmp(open, "(Closes: #", strlen("(Closes: #")))
		find_all(open, "#", "0123456789", FALSE, entry->bugs);
	else
		return FALSE;
	*open = '\0';
	g_strchomp(text);
	return TRUE;
}

/* Takes "[x86] " off the beginning; the innermost counts. */
static void take_where(struct changelog_entry *entry, char *text)
{
	const char *close = strchr(text, ']');

	if (*text != '[' || !close)
		return;
	if (!entry->where)
		entry->where = g_strndup(text + 1, close - text - 1);
	memmove(text, close + 1, strlen(close + 1) + 1);
	g_strchug(text);
}

/* Takes off what is not the subject proper.  Caller frees. */
static char *take_marks(struct changelog_entry *entry, const char *item)
{
	char *text = g_strdup(item);

	if (g_str_has_suffix(text, ":"))
		text[strlen(text) - 1] = '\0';
	while (take_list(entry, text))
		;
	take_where(entry, text);
	return text;
}

static gboolean is_stable_update(const struct reader *reader)
{
	static const char update[] = "New upstream stable update";

	return reader->depth > 1 && g_str_has_prefix(reader->items[0].text->str, update);
}

/* What a heading says holds for all below it. */
static void add_entry(struct reader *reader)
{
	struct changelog_entry *entry = g_new0(struct changelog_entry, 1);

	entry->version = g_strdup(reader->version);
	entry->cves = g_ptr_array_new_with_free_func(g_free);
	entry->bugs = g_ptr_array_new_with_free_func(g_free);
	entry->upstream = is_stable_update(reader);
	entry->subject = take_marks(entry, reader->items[reader->depth - 1].text->str);
	for (guint i = reader->depth - 1; i-- > 0;)
		g_free(take_marks(entry, reader->items[i].text->str));
	g_ptr_array_add(reader->changelog->entries, entry);
}

static void end_item(struct reader *reader)
{
	struct item *item = &reader->items[reader->depth - 1];

	if (!item->heading)
		add_entry(reader);
	g_string_free(item->text, TRUE);
	reader->depth--;
}

static void end_items(struct reader *reader, guint indent)
{
	while (reader->depth && reader->items[reader->depth - 1].indent >= indent)
		end_item(reader);
}

/* --- lines ----------------------------------------------------------------------------------- */

static void begin_item(struct reader *reader, guint indent, const char *text)
{
	end_items(reader, indent);
	if (reader->depth == LEVELS)
		end_item(reader);
	if (reader->depth)
		reader->items[reader->depth - 1].heading = TRUE;
	reader->items[reader->depth++] = (struct item){indent, g_string_new(text), FALSE};
}

static void read_item_line(struct reader *reader, const char *line)
{
	guint indent = strspn(line, " \t");
	const char *text = line + indent;

	if (!*text || g_str_has_prefix(line, " -- ") || g_str_has_prefix(line, "  [ ")) {
		end_items(reader, 0);
	} else if (strchr("*-+", *text) && text[1] == ' ') {
		begin_item(reader, indent, text + 2);
	} else if (reader->depth && !g_str_has_prefix(text, "https://")) {
		GString *item = reader->items[reader->depth - 1].text;

		g_string_append_printf(item, " %s", text);
	}
}

/* "linux (6.1.192-1) bookworm-security; urgency=high".  Caller frees; NULL if it is none. */
static char *read_version(const char *line)
{
	const char *open = strstr(line, " ("), *close = open ? strchr(open, ')') : NULL;

	if (!close || !g_ascii_isalnum(*line))
		return NULL;
	return g_strndup(open + 2, close - open - 2);
}

enum place { PLACE_BEFORE, PLACE_WITHIN, PLACE_BEHIND };

/* Reads the sections from `to` down to that of `from`; says where it stopped. */
static enum place read_lines(struct reader *reader, const char *text, gsize size, const char *from,
			     const char *to)
{
	enum place place = PLACE_BEFORE;
	const char *end = text + size;

	while (text < end && place != PLACE_BEHIND) {
		const char *newline = memchr(text, '\n', end - text);
		g_autofree char *line = g_strndup(text, (newline ? newline : end) - text);
		char *version = read_version(line);

		if (version) {
			end_items(reader, 0);
			if (!strcmp(version, to))
				place = PLACE_WITHIN;
			if (!strcmp(version, from) && place == PLACE_WITHIN)
				place = PLACE_BEHIND;
			g_free(reader->version);
			reader->version = version;
		} else if (place == PLACE_WITHIN) {
			read_item_line(reader, line);
		}
		text = newline ? newline + 1 : end;
	}
	end_items(reader, 0);
	g_clear_pointer(&reader->version, g_free);
	return place;
}

struct changelog *changelog_parse(const char *text, gsize size, const char *from, const char *to,
				  const char *path, GError **error)
{
	AUTO(changelog) changelog = g_new0(struct changelog, 1);
	struct reader reader = {.changelog = changelog};

	changelog->entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
	enum place place = read_lines(&reader, text, size, from, to);
	if (place == PLACE_BEHIND)
		return g_steal_pointer(&changelog);
	klatch_fail(error, KLATCH_INPUT, "the changelog can't be used", path,
		    "give the linux-source package of the newer version",
		    "it has no section of version %s", place == PLACE_BEFORE ? to : from);
	return NULL;
}

/* --- the package ----------------------------------------------------------------------------- */

static gboolean is_changelog(const char *path)
{
	return g_pattern_match_simple("*usr/share/doc/linux-source-*/changelog.Debian.gz", path);
}

/* The content of the entry that was just read. */
static GBytes *read_entry(archive_reader *archive, struct archive_entry *entry, const char *path,
			  GError **error)
{
	gint64 size = archive_entry_size(entry);
	g_autofree char *data = NULL;

	if (size <= 0 || (gsize)size > CHANGELOG_LIMIT) {
		klatch_fail(error, KLATCH_INPUT, "the changelog can't be read", path, NULL,
			    "its size is not what it should be");
		return NULL;
	}
	data = g_malloc(size);
	if (archive_read_data(archive, data, size) != size) {
		unpack_fail(error, path, archive);
		return NULL;
	}
	return g_bytes_new_take(g_steal_pointer(&data), size);
}

static GBytes *find_changelog(const char *deb, GError **error)
{
	g_autoptr(archive_reader) archive = unpack_open_deb(deb, "data.tar", error);
	struct archive_entry *entry;

	while (archive && !archive_read_next_header(archive, &entry)) {
		const char *path = archive_entry_pathname(entry);

		if (path && is_changelog(path))
			return read_entry(archive, entry, deb, error);
	}
	if (archive)
		klatch_fail(error, KLATCH_INPUT, "the changelog can't be read", deb,
			    "give a linux-source package", "the package has none");
	return NULL;
}

struct changelog *changelog_of_package(const char *deb, const char *from, const char *to,
				       GError **error)
{
	g_autoptr(GBytes) packed = find_changelog(deb, error);
	g_autoptr(GBytes) text = NULL;
	gsize size;

	if (!packed)
		return NULL;
	const void *data = g_bytes_get_data(packed, &size);
	text = unpack_stream(data, size, CHANGELOG_LIMIT, deb, error);
	if (!text)
		return NULL;
	data = g_bytes_get_data(text, &size);
	return changelog_parse(data, size, from, to, deb, error);
}

void changelog_free(struct changelog *changelog)
{
	g_ptr_array_unref(changelog->entries);
	g_free(changelog);
}
