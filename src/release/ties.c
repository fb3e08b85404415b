/*
 * What needs what is read off the words of changed lines, so it is a guess to the safe side: parts
 * that only look as if they needed each other are one change, too.  A change that is too big costs
 * coverage; one that is too small would ship half a fix.
 *
 * How often a word stands in the tree says what it is worth.  A definition and its uses are told by
 * where the definition can be seen; beyond that only rare words tie.
 */
#include "release/ties.h"

#include <string.h>

#include "base/files.h"
#include "release/parts.h"
#include "tree/statements.h"

/*
 * In no more files than this a word is the name of a thing of one subsystem: it means the same
 * wherever it stands, and two parts of one file that both have it are about the same.  Of the words
 * in the changed lines of a release of 6.1 half stand in fewer.
 */
#define RARE 40

/*
 * As rare must be what ties parts of different files of a module or directory.  From 6.1.190 to
 * 6.1.192 ten instead of five makes a seventeenth less changes; with more, drivers of one module
 * become one change each.
 */
#define SPECIFIC 10

/*
 * A word in more files than this is the name of a variable like many others ("err", "skb"): that
 * two functions both have it says nothing.
 */
#define COMMON 300

/*
 * What stands so often in a file, and three times as often as in its changed lines, is what the
 * file deals with everyday, unless no other file to speak of has it.
 */
#define EVERYDAY 12
#define OWN	 3

struct posting {
	guint part;
	const struct use *use;
};

struct tying {
	const GPtrArray *parts;
	const struct words *words;
	const guint *frequencies;
	const char *patched_tree;
	struct built *built;
	GArray **postings;    /* by word: of struct posting; NULL if there are none */
	GHashTable *objects;  /* of struct changed_file: GPtrArray of objects */
	GHashTable *mentions; /* "path word" to how often it is there + 1 */
	GHashTable *everyday; /* pairs of parts that have one everyday word in common */
	struct ties *ties;
};

static const struct part *part_at(const struct tying *tying, guint i)
{
	return g_ptr_array_index(tying->parts, i);
}

/* --- union-find ------------------------------------------------------------------------------ */

static guint find(struct ties *ties, guint part)
{
	while (ties->change[part] != part) {
		ties->change[part] = ties->change[ties->change[part]];
		part = ties->change[part];
	}
	return part;
}

static void join(struct tying *tying, guint one, guint other, const char *form, const char *word)
{
	guint a = find(tying->ties, one), b = find(tying->ties, other);
	struct tie tie = {one, other, NULL};

	if (a == b)
		return;
	tying->ties->change[MAX(a, b)] = MIN(a, b);
	tie.why = g_strdup_printf(form, word);
	g_array_append_val(tying->ties->joined, tie);
}

/* --- where words reach ------------------------------------------------------------------------ */

static const char *path_of(const struct tying *tying, guint part)
{
	return part_at(tying, part)->file->path;
}

static guint count_word(const char *text, gsize size, const char *word)
{
	const char *at = text, *end = text + size;
	gsize length = strlen(word);
	guint count = 0;

	while ((at = memmem(at, end - at, word, length))) {
		const char *behind = at + length;

		if ((at == text || !(g_ascii_isalnum(at[-1]) || at[-1] == '_')) &&
		    (behind == end || !(g_ascii_isalnum(*behind) || *behind == '_')))
			count++;
		at = behind;
	}
	return count;
}

/* How often a file has a word. */
static guint mentions(const struct tying *tying, const char *path, const char *word)
{
	g_autofree char *key = g_strdup_printf("%s %s", path, word);
	gpointer known = g_hash_table_lookup(tying->mentions, key);
	guint count = 0;

	if (!known) {
		g_autofree char *file = g_build_filename(tying->patched_tree, path, NULL);
		g_autoptr(GBytes) bytes = NULL;
		gsize size;

		if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
			bytes = files_map(file, NULL);
		if (bytes) {
			const char *text = g_bytes_get_data(bytes, &size);
			count = count_word(text, size, word);
		}
		known = GUINT_TO_POINTER(count + 1);
		g_hash_table_insert(tying->mentions, g_steal_pointer(&key), known);
	}
	return GPOINTER_TO_UINT(known) - 1;
}

/* Whether a file may see a header that is new: the kernel's index does not know it. */
static gboolean sees_new(const struct tying *tying, const struct changed_file *header,
			 const struct changed_file *user)
{
	const char *slash = strrchr(header->path, '/');
	const char *name = slash ? slash + 1 : header->path;

	if (!g_str_has_suffix(name, ".h"))
		return FALSE;
	if (mentions(tying, user->path, name))
		return TRUE;
	for (guint i = 0; i < tying->parts->len; i++) {
		const struct part *part = part_at(tying, i);

		for (guint j = 0; j < part->includes->len; j++)
			if (g_str_has_suffix(g_ptr_array_index(part->includes, j), name) &&
			    g_hash_table_contains(
				    tying->built->includers(tying->built, part->file->path),
				    user->path))
				return TRUE;
	}
	return FALSE;
}

/* Whether what one part defines can be meant by another. */
static gboolean reaches(const struct tying *tying, const struct posting *from,
			const struct posting *to)
{
	const struct changed_file *file = part_at(tying, from->part)->file;
	const struct changed_file *user = part_at(tying, to->part)->file;

	if (file == user || from->use->flags & USE_GLOBAL)
		return TRUE;
	if (file->change == PATCHED_ADDED)
		return sees_new(tying, file, user);
	/* What a new file includes is not known either. */
	if (user->change == PATCHED_ADDED)
		return g_str_has_suffix(file->path, ".h");
	return g_hash_table_contains(tying->built->includers(tying->built, file->path), user->path);
}

static GPtrArray *objects_of(const struct tying *tying, const struct changed_file *file)
{
	GPtrArray *objects = g_hash_table_lookup(tying->objects, file);

	if (!objects) {
		objects = tying->built->objects(tying->built, file->path);
		g_hash_table_insert(tying->objects, (gpointer)file, objects);
	}
	return objects;
}

static gboolean same_file(const struct tying *tying, guint one, guint other)
{
	return part_at(tying, one)->file == part_at(tying, other)->file;
}

static gboolean same_directory(const char *one, const char *other)
{
	const char *slash = strrchr(one, '/'), *other_slash = strrchr(other, '/');
	gsize length = slash ? slash - one : 0,
	      other_length = other_slash ? other_slash - other : 0;

	return length == other_length && !memcmp(one, other, length);
}

/* Whether two parts are of one module, or lie in one directory. */
static gboolean are_near(const struct tying *tying, guint one, guint other)
{
	const struct changed_file *file = part_at(tying, one)->file;
	const struct changed_file *other_file = part_at(tying, other)->file;

	if (file == other_file || same_directory(file->path, other_file->path))
		return TRUE;
	const GPtrArray *objects = objects_of(tying, file);
	const GPtrArray *others = objects_of(tying, other_file);
	for (guint i = 0; i < objects->len; i++) {
		const char *object = g_ptr_array_index(objects, i);

		if (strcmp(object, "vmlinux") &&
		    g_ptr_array_find_with_equal_func((GPtrArray *)others, object, g_str_equal,
						     NULL))
			return TRUE;
	}
	return FALSE;
}

/* --- one declaration -------------------------------------------------------------------------- */

/* Whether two parts of one declaration are one change: members of a type stand for themselves. */
static gboolean are_one(const struct tying *tying, const struct posting *one,
			const struct posting *other)
{
	return !(one->use->flags & other->use->flags & USE_TYPE) ||
	       part_at(tying, one->part)->frame || part_at(tying, other->part)->frame;
}

static void tie_scopes(struct tying *tying, guint word, const GArray *postings)
{
	for (guint i = 0; i < postings->len; i++) {
		const struct posting *one = &g_array_index(postings, struct posting, i);

		for (guint j = i + 1; j < postings->len && one->use->flags & USE_SCOPE; j++) {
			const struct posting *other = &g_array_index(postings, struct posting, j);

			if (other->use->flags & USE_SCOPE &&
			    same_file(tying, one->part, other->part) && are_one(tying, one, other))
				join(tying, one->part, other->part, "both are in %s",
				     words_text(tying->words, word));
		}
	}
}

/* --- definitions and their uses ----------------------------------------------------------------
 */

/* What becomes of a name where it is defined. */
enum fate { FATE_ADDED, FATE_REMOVED, FATE_CHANGED };

static enum fate fate_of(const struct use *use)
{
	if (!use->undefined)
		return FATE_ADDED;
	return use->defined ? FATE_CHANGED : FATE_REMOVED;
}

static gboolean defines(const struct use *use)
{
	return use->defined || use->undefined;
}

/* One that goes in one place and comes in another was moved: changed, for those who see it. */
static enum fate fate_among(const struct tying *tying, const struct posting *definition,
			    const GArray *postings)
{
	enum fate fate = fate_of(definition->use);

	for (guint i = 0; i < postings->len; i++) {
		const struct posting *other = &g_array_index(postings, struct posting, i);

		if (defines(other->use) && fate_of(other->use) != fate &&
		    (reaches(tying, definition, other) || reaches(tying, other, definition)))
			return FATE_CHANGED;
	}
	return fate;
}

/* Whether a use has to do with a name's fate: who could use it before does not need what is new. */
static gboolean follows(const struct use *use, enum fate fate)
{
	if (defines(use))
		return TRUE;
	if (fate == FATE_ADDED)
		return use->added > use->removed;
	if (fate == FATE_REMOVED)
		return use->removed > use->added;
	return use->added || use->removed;
}

/* Whether a part's file names a type that another part stands in, which may have no name. */
static gboolean mentions_scope(const struct tying *tying, guint user, guint part)
{
	const GArray *uses = part_at(tying, part)->uses;
	gboolean named = FALSE;

	for (guint i = 0; i < uses->len; i++) {
		const struct use *use = &g_array_index(uses, struct use, i);

		if (!(use->flags & USE_SCOPE))
			continue;
		if (mentions(tying, path_of(tying, user), words_text(tying->words, use->word)))
			return TRUE;
		named = TRUE;
	}
	return !named;
}

/* A rare word means the same everywhere; of a common one the kind must agree. */
static gboolean same_kind(const struct tying *tying, guint word, const struct posting *definition,
			  const struct posting *user)
{
	if (tying->frequencies[word] <= RARE)
		return TRUE;
	if (definition->use->flags & DEFINES_MEMBER && user->use->flags & USE_MEMBER)
		return mentions_scope(tying, user->part, definition->part);
	return definition->use->flags & DEFINES_OTHER && user->use->flags & (USE_NAMED | USE_TAG);
}

static void tie_definition(struct tying *tying, guint word, const struct posting *definition,
			   const GArray *postings)
{
	enum fate fate = fate_among(tying, definition, postings);

	for (guint i = 0; i < postings->len; i++) {
		const struct posting *user = &g_array_index(postings, struct posting, i);

		if (user->part != definition->part && follows(user->use, fate) &&
		    same_kind(tying, word, definition, user) && reaches(tying, definition, user))
			join(tying, definition->part, user->part, "one defines %s for the other",
			     words_text(tying->words, word));
	}
}

static void tie_definitions(struct tying *tying, guint word, const GArray *postings)
{
	for (guint i = 0; i < postings->len; i++) {
		const struct posting *posting = &g_array_index(postings, struct posting, i);

		if (defines(posting->use))
			tie_definition(tying, word, posting, postings);
	}
}

/* --- names that macros paste --------------------------------------------------------------------
 */

/* A name that is defined, and a use of its first or last components near by: a macro may paste it
 * (flow_flag_test(flow, PEER), DEVICE_ATTR_RO(state)). */
static void tie_component(struct tying *tying, const struct posting *definition, const char *name,
			  const char *component, gsize length)
{
	g_autofree char *text = g_strndup(component, length);
	gpointer known = g_hash_table_lookup(tying->words->numbers, text);
	guint word = GPOINTER_TO_UINT(known) - 1;

	/* Of a word that no changed line has there is nothing to tie. */
	if (!known || length < 2 || !tying->postings[word])
		return;
	for (guint i = 0; i < tying->postings[word]->len; i++) {
		const struct posting *user =
			&g_array_index(tying->postings[word], struct posting, i);

		if (user->part != definition->part && user->use->flags & USE_ARGUMENT &&
		    !defines(user->use) && follows(user->use, fate_of(definition->use)) &&
		    are_near(tying, definition->part, user->part))
			join(tying, definition->part, user->part,
			     "one may define %s by a macro for the other", name);
	}
}

static void tie_pasted(struct tying *tying, guint word, const GArray *postings)
{
	const char *name = words_text(tying->words, word);

	for (guint i = 0; i < postings->len; i++) {
		const struct posting *posting = &g_array_index(postings, struct posting, i);

		if (!defines(posting->use) || strchr(name, '/'))
			continue;
		for (const char *at = strchr(name, '_'); at; at = strchr(at + 1, '_')) {
			tie_component(tying, posting, name, name, at - name);
			tie_component(tying, posting, name, at + 1, strlen(at + 1));
		}
	}
}

/* --- callers ---------------------------------------------------------------------------------- */

/* A word of the language says nothing of what a part is about. */
static gboolean says_nothing(const char *word)
{
	static const char *const language[] = {
		"NULL",	    "bool",   "break",	"case",	 "char",     "const",  "continue",
		"default",  "do",     "else",	"enum",	 "extern",   "false",  "for",
		"goto",	    "if",     "inline", "int",	 "long",     "return", "short",
		"signed",   "size_t", "sizeof", "s16",	 "s32",	     "s64",    "s8",
		"static",   "struct", "switch", "true",	 "typedef",  "typeof", "u16",
		"u32",	    "u64",    "u8",	"union", "unsigned", "void",   "while",
		"volatile", NULL};

	return g_strv_contains(language, word);
}

/* Whether two parts are about a word that the changed lines of both have: it is not common, or it
 * comes or goes in both and is no local variable's. */
static gboolean is_shared(const struct tying *tying, const struct use *use, const struct use *other)
{
	static const guint wanted = USE_NAMED | USE_MEMBER;

	if (!(use->added || use->removed) || !(other->added || other->removed) ||
	    says_nothing(words_text(tying->words, use->word)))
		return FALSE;
	return tying->frequencies[use->word] <= COMMON ||
	       (use->flags & wanted && other->flags & wanted && use->added != use->removed &&
		other->added != other->removed);
}

static gboolean share_words(const struct tying *tying, guint one, guint other)
{
	const GArray *uses = part_at(tying, one)->uses, *others = part_at(tying, other)->uses;

	for (guint i = 0, j = 0; i < uses->len && j < others->len;) {
		const struct use *use = &g_array_index(uses, struct use, i);
		const struct use *other_use = &g_array_index(others, struct use, j);

		if (use->word == other_use->word && is_shared(tying, use, other_use))
			return TRUE;
		i += use->word <= other_use->word;
		j += other_use->word <= use->word;
	}
	return FALSE;
}

/* Whether a part begins or ceases to use what another defines: its function may ask something else
 * of its callers, as what it calls does now. */
static gboolean uses_defined(const struct tying *tying, guint part)
{
	const GArray *uses = part_at(tying, part)->uses;

	for (guint i = 0; i < uses->len; i++) {
		const struct use *use = &g_array_index(uses, struct use, i);
		const GArray *postings = tying->postings[use->word];

		if (!(use->flags & USE_NAMED) || use->added == use->removed)
			continue;
		for (guint j = 0; j < postings->len; j++) {
			const struct use *other = g_array_index(postings, struct posting, j).use;

			if (other->flags & DEFINES_OTHER && defines(other))
				return TRUE;
		}
	}
	return FALSE;
}

/* Whether a part changes what its function answers. */
static gboolean changes_return(const struct tying *tying, guint part)
{
	const GArray *uses = part_at(tying, part)->uses;

	for (guint i = 0; i < uses->len; i++) {
		const struct use *use = &g_array_index(uses, struct use, i);

		if ((use->added || use->removed) &&
		    !strcmp(words_text(tying->words, use->word), "return"))
			return TRUE;
	}
	return FALSE;
}

static gboolean changes_word(const struct tying *tying, guint part, const char *const *words)
{
	const GArray *uses = part_at(tying, part)->uses;

	for (guint i = 0; i < uses->len; i++) {
		const struct use *use = &g_array_index(uses, struct use, i);

		if (use->added != use->removed &&
		    g_strv_contains(words, words_text(tying->words, use->word)))
			return TRUE;
	}
	return FALSE;
}

/* Whether a caller asks for errors in another form than before, and what it calls answers so. */
static gboolean speak_of_errors(const struct tying *tying, guint user, guint callee)
{
	static const char *const asked[] = {"IS_ERR", "IS_ERR_OR_NULL", "PTR_ERR", NULL};
	static const char *const answers[] = {"ERR_PTR", "ERR_CAST", NULL};

	return changes_word(tying, user, asked) && changes_word(tying, callee, answers);
}

/* Whether one part changes what another part calls: in changed lines, or in others of a function
 * whose change may answer to it: in one file, if a result or what is called changes, or both are
 * about something. */
static gboolean calls(const struct tying *tying, guint word, const struct posting *user,
		      const struct posting *callee)
{
	const struct use *use = user->use;

	/* Who names a type has to do with its members only by their names. */
	if (user->part == callee->part || callee->use->flags & USE_TYPE ||
	    !reaches(tying, callee, user))
		return FALSE;
	if (use->flags & USE_AROUND && same_file(tying, user->part, callee->part) &&
	    (changes_return(tying, callee->part) || uses_defined(tying, callee->part) ||
	     share_words(tying, user->part, callee->part)))
		return TRUE;
	if (use->flags & USE_AROUND && speak_of_errors(tying, user->part, callee->part))
		return TRUE;
	if (!(use->added || use->removed))
		return FALSE;
	/* A function of another file, whose address a table has. */
	if (tying->frequencies[word] <= RARE)
		return use->flags & (USE_NAMED | USE_PLAIN);
	return use->flags & USE_NAMED && are_near(tying, user->part, callee->part);
}

/* Ties who names a word to a part that stands in what it names. */
static void tie_callee(struct tying *tying, guint word, const struct posting *callee,
		       const GArray *users)
{
	for (guint i = 0; i < users->len; i++) {
		const struct posting *user = &g_array_index(users, struct posting, i);

		if (calls(tying, word, user, callee))
			join(tying, callee->part, user->part,
			     "one changes %s, the other has to do with it",
			     words_text(tying->words, word));
	}
}

/* The same of who calls x() where __x() answers with errors in another form. */
static void tie_behind(struct tying *tying, guint word, const struct posting *callee)
{
	const char *name = words_text(tying->words, word);
	gpointer number = NULL;

	if (g_str_has_prefix(name, "__"))
		number = g_hash_table_lookup(tying->words->numbers, name + strlen("__"));
	if (!number)
		return;
	const GArray *users = tying->postings[GPOINTER_TO_UINT(number) - 1];
	for (guint i = 0; i < users->len; i++) {
		const struct posting *user = &g_array_index(users, struct posting, i);

		if (user->use->flags & USE_AROUND && user->part != callee->part &&
		    speak_of_errors(tying, user->part, callee->part))
			join(tying, callee->part, user->part,
			     "one asks %s for errors as the other answers",
			     words_text(tying->words, word));
	}
}

static void tie_callers(struct tying *tying, guint word, const GArray *postings)
{
	for (guint i = 0; i < postings->len; i++) {
		const struct posting *callee = &g_array_index(postings, struct posting, i);

		if (!(callee->use->flags & USE_SCOPE))
			continue;
		tie_callee(tying, word, callee, postings);
		tie_behind(tying, word, callee);
	}
}

/* --- what is rare ----------------------------------------------------------------------------- */

/* How rare a word must be to say that two parts are about the same. */
static guint most_files(const struct tying *tying, guint one, guint other)
{
	if (same_file(tying, one, other))
		return RARE;
	return are_near(tying, one, other) ? SPECIFIC : 0;
}

/* Whether a function prints, by its name: that two parts call it says nothing of either. */
static gboolean prints(const char *name)
{
	static const char *const ends[] = {"_dbg", "_dbg_once", "_dbg_ratelimited", "_printk"};

	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
		if (g_str_has_suffix(name, ends[i]))
			return TRUE;
	return g_str_has_prefix(name, "WARN_") || g_str_has_prefix(name, "BUG_");
}

/* Whether a lock is meant, by its name: who takes one does so for others who do. */
static gboolean locks(const char *name)
{
	static const char *const kinds[] = {"lock", "mutex", "sem"};
	g_autofree char *lower = g_ascii_strdown(name, -1);

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strstr(lower, kinds[i]))
			return TRUE;
	return FALSE;
}

/* Whether a word is everywhere in the file of a part and only a little of that changes. */
static gboolean is_everyday(const struct tying *tying, guint word, guint part,
			    const GArray *postings)
{
	const char *name = words_text(tying->words, word);
	guint changed = 0, all;

	if (tying->frequencies[word] <= OWN || locks(name))
		return FALSE;
	for (guint i = 0; i < postings->len; i++) {
		const struct posting *posting = &g_array_index(postings, struct posting, i);

		if (posting->use->flags & USE_LINE)
			return FALSE;
		if (same_file(tying, posting->part, part))
			changed += MAX(posting->use->added, posting->use->removed);
	}
	all = mentions(tying, path_of(tying, part), name);
	return all >= EVERYDAY && changed * 3 < all;
}

/* Whether a rare word says that two parts are about the same.  One everyday word of their file does
 * not; a second one does. */
static gboolean is_telling(const struct tying *tying, guint word, const struct posting *one,
			   const struct posting *other, const GArray *postings)
{
	static const guint wanted = USE_NAMED | USE_MEMBER | USE_LINE;
	gsize pair = (gsize)one->part * tying->parts->len + other->part;

	if (!(one->use->flags & wanted) || !(other->use->flags & wanted) ||
	    tying->frequencies[word] > most_files(tying, one->part, other->part) ||
	    (!(one->use->flags & USE_LINE) && prints(words_text(tying->words, word))))
		return FALSE;
	return !same_file(tying, one->part, other->part) ||
	       !is_everyday(tying, word, one->part, postings) ||
	       !g_hash_table_add(tying->everyday, GSIZE_TO_POINTER(pair));
}

static void tie_rare(struct tying *tying, guint word, const GArray *postings)
{
	for (guint i = 0; i < postings->len && tying->frequencies[word] <= RARE; i++) {
		const struct posting *one = &g_array_index(postings, struct posting, i);

		for (guint j = i + 1; j < postings->len; j++) {
			const struct posting *other = &g_array_index(postings, struct posting, j);

			if (find(tying->ties, one->part) != find(tying->ties, other->part) &&
			    is_telling(tying, word, one, other, postings))
				join(tying, one->part, other->part, "both have %s",
				     words_text(tying->words, word));
		}
	}
}

/* --- directives ------------------------------------------------------------------------------- */

static void collect_name(const struct statement *statement, gpointer data)
{
	for (guint i = 0; i < statement->count; i++)
		if (statement->tokens[i].flags & TOKEN_NAMED)
			g_hash_table_add(data, g_strndup(statement->tokens[i].at,
							 statement->tokens[i].length));
}

/* The names that a header defines itself; NULL if it is not found in the patched tree. */
static GHashTable *header_names(const struct tying *tying, const char *from, const char *name)
{
	g_autofree char *directory = g_path_get_dirname(from);
	g_autofree char *beside = g_build_filename(tying->patched_tree, directory, name, NULL);
	g_autofree char *common = g_build_filename(tying->patched_tree, "include", name, NULL);
	const char *const paths[] = {beside, common};

	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(GBytes) bytes = NULL;
		GHashTable *names;
		gsize size;

		if (!g_file_test(paths[i], G_FILE_TEST_IS_REGULAR))
			continue;
		bytes = files_map(paths[i], NULL);
		if (!bytes)
			return NULL;
		names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		const char *text = g_bytes_get_data(bytes, &size);
		if (size)
			statements_read(text, size, collect_name, names);
		return names;
	}
	return NULL;
}

static gboolean uses_any(const struct tying *tying, const struct part *part, GHashTable *names,
			 enum fate fate)
{
	for (guint i = 0; i < part->uses->len; i++) {
		const struct use *use = &g_array_index(part->uses, struct use, i);

		if (!defines(use) && follows(use, fate) &&
		    g_hash_table_contains(names, words_text(tying->words, use->word)))
			return TRUE;
	}
	return FALSE;
}

/* Who of the file's other parts needs an #include: those with names of the header; if there are
 * none such, whatever the header is for it may be any. */
static void tie_include(struct tying *tying, guint part, guint first, guint end,
			const char *include)
{
	g_autoptr(GHashTable) names = header_names(tying, path_of(tying, part), include + 1);
	enum fate fate = *include == '+' ? FATE_ADDED : FATE_REMOVED;
	gboolean any = FALSE;

	for (guint i = first; i < end && names; i++) {
		if (i == part || !uses_any(tying, part_at(tying, i), names, fate))
			continue;
		any = TRUE;
		join(tying, part, i, "one includes %s for the other", include + 1);
	}
	for (guint i = first; i < end && !any; i++)
		join(tying, part, i, "one includes %s, perhaps for the other", include + 1);
}

/* A header that is new or gone, and who includes it. */
static void tie_header(struct tying *tying, guint part, const char *include)
{
	for (guint i = 0; i < tying->parts->len; i++) {
		const struct changed_file *file = part_at(tying, i)->file;
		const char *name = include + 1;

		while (g_str_has_prefix(name, "../") || g_str_has_prefix(name, "./"))
			name = strchr(name, '/') + 1;
		gsize length = strlen(file->path), tail = strlen(name);
		if (file->change == PATCHED_MODIFIED || !g_str_has_suffix(file->path, name))
			continue;
		if (length == tail || file->path[length - tail - 1] == '/')
			join(tying, part, i, "one includes %s, the other is it", include + 1);
	}
}

static gboolean touch(const struct part *one, const struct part *next)
{
	return one->original_start + one->original_count == next->original_start &&
	       one->patched_start + one->patched_count == next->patched_start;
}

/* The parts of conditionals are one change, with what stands between them and beside them. */
static void tie_conditionals(struct tying *tying, guint first, guint end)
{
	gint open[] = {0, 0};
	guint last = G_MAXUINT;

	for (guint i = first; i < end; i++) {
		const struct part *part = part_at(tying, i);
		const struct part *before = i > first ? part_at(tying, i - 1) : NULL;

		if (last != G_MAXUINT && (part->conditional || open[0] || open[1]))
			join(tying, last, i, "both have to do with an %s", "#if");
		if (before && (before->conditional || part->conditional) && touch(before, part))
			join(tying, i - 1, i, "both have to do with an %s", "#if");
		if (part->conditional)
			last = i;
		for (gsize side = 0; side < G_N_ELEMENTS(open); side++)
			open[side] += part->opened[side];
	}
}

/* The parts [first, end) of one file. */
static void tie_includes(struct tying *tying, guint first, guint end)
{
	for (guint i = first; i < end; i++) {
		const struct part *part = part_at(tying, i);

		for (guint j = 0; j < part->includes->len; j++) {
			tie_include(tying, i, first, end, g_ptr_array_index(part->includes, j));
			tie_header(tying, i, g_ptr_array_index(part->includes, j));
		}
	}
}

/* What one part takes or checks no more, another gives back or begins to check. */
static void tie_balances(struct tying *tying, guint first, guint end)
{
	for (guint i = first; i < end; i++) {
		for (guint j = first; j < i; j++) {
			const struct part *one = part_at(tying, i), *other = part_at(tying, j);

			if (balances_are_opposite(one, other))
				join(tying, j, i, "one takes what the other gives back%s", "");
			if (one->checks * other->checks < 0)
				join(tying, j, i, "one gives up a check, the other makes one%s",
				     "");
		}
	}
}

/* What one part counts, others count. */
/* Who changes how something is counted that the other counts: in one file, or, if both change it
 * and its name is not common, in one module. */
static gboolean count_together(const struct tying *tying, guint one, guint other)
{
	const struct part *first = part_at(tying, one), *second = part_at(tying, other);

	if (same_file(tying, one, other))
		return counts_what_is_around(first, second);
	return count_the_same(first, second, tying->frequencies, RARE) &&
	       are_near(tying, one, other);
}

static void tie_counters(struct tying *tying)
{
	for (guint i = 0; i < tying->parts->len; i++)
		for (guint j = 0; j < tying->parts->len && part_at(tying, i)->counters->len; j++)
			if (i != j && count_together(tying, i, j))
				join(tying, MIN(i, j), MAX(i, j),
				     "one changes how something is counted that the other counts%s",
				     "");
}

/* Whether a part stands in a function that is called through a member, by its name:
 * driver_wait_until_sent() is what drivers wait_until_sent by. */
static gboolean implements(const struct tying *tying, guint part, guint member)
{
	const GArray *uses = part_at(tying, part)->uses;
	g_autofree char *end = g_strconcat("_", words_text(tying->words, member), NULL);

	for (guint i = 0; i < uses->len; i++) {
		const struct use *use = &g_array_index(uses, struct use, i);

		if (use->flags & USE_SCOPE &&
		    g_str_has_suffix(words_text(tying->words, use->word), end))
			return TRUE;
	}
	return FALSE;
}

/* Who gives up what it did around a call, and whom it calls. */
static void tie_left_to(struct tying *tying)
{
	for (guint i = 0; i < tying->parts->len; i++) {
		const GArray *left_to = part_at(tying, i)->left_to;

		for (guint j = 0; j < left_to->len; j++) {
			guint member = g_array_index(left_to, guint, j);

			for (guint k = 0; k < tying->parts->len; k++)
				if (k != i && are_near(tying, i, k) && implements(tying, k, member))
					join(tying, MIN(i, k), MAX(i, k),
					     "one gives up what it did around %s, which the "
					     "other implements",
					     words_text(tying->words, member));
		}
	}
}

static void tie_files(struct tying *tying)
{
	guint first = 0;

	for (guint i = 1; i <= tying->parts->len; i++) {
		if (i < tying->parts->len && part_at(tying, i)->file == part_at(tying, first)->file)
			continue;
		tie_includes(tying, first, i);
		tie_conditionals(tying, first, i);
		tie_balances(tying, first, i);
		first = i;
	}
}

/* --- what is idle ----------------------------------------------------------------------------- */

static gboolean in_one_scope(const struct part *one, const struct part *other)
{
	return one->file == other->file && one->scope && !g_strcmp0(one->scope, other->scope);
}

/* Whether the change of an idle part has only such. */
static gboolean is_alone(const struct tying *tying, guint part)
{
	for (guint i = part + 1; i-- > 0 && in_one_scope(part_at(tying, i), part_at(tying, part));)
		if (!part_at(tying, i)->idle)
			return FALSE;
	return TRUE;
}

/* Comments and blanks go with a change of their declaration, and tie nothing: the part before them,
 * else the one behind them. */
static void tie_idle(struct tying *tying)
{
	for (guint i = 1; i < tying->parts->len; i++)
		if (part_at(tying, i)->idle &&
		    in_one_scope(part_at(tying, i - 1), part_at(tying, i)))
			join(tying, i - 1, i, "both are in %s", part_at(tying, i)->scope);
	for (guint i = tying->parts->len; i-- > 1;)
		if (part_at(tying, i - 1)->idle && is_alone(tying, i - 1) &&
		    in_one_scope(part_at(tying, i - 1), part_at(tying, i)))
			join(tying, i - 1, i, "both are in %s", part_at(tying, i)->scope);
}

/* --- all together ----------------------------------------------------------------------------- */

static void sort_words(struct tying *tying)
{
	tying->postings = g_new0(GArray *, tying->words->texts->len + 1);
	for (guint i = 0; i < tying->parts->len; i++) {
		const struct part *part = part_at(tying, i);

		for (guint j = 0; j < part->uses->len; j++) {
			struct posting posting = {i, &g_array_index(part->uses, struct use, j)};
			GArray **postings = &tying->postings[posting.use->word];

			if (!*postings)
				*postings = g_array_new(FALSE, FALSE, sizeof(struct posting));
			g_array_append_val(*postings, posting);
		}
	}
}

typedef void tie_function(struct tying *tying, guint word, const GArray *postings);

static void tie_words(struct tying *tying)
{
	/* The surest first: they are what people read. */
	static tie_function *const kinds[] = {tie_scopes, tie_definitions, tie_callers, tie_rare,
					      tie_pasted};

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		for (guint word = 0; word < tying->words->texts->len; word++)
			if (tying->postings[word])
				kinds[i](tying, word, tying->postings[word]);
}

static void tie_clear(struct tie *tie)
{
	g_free(tie->why);
}

struct ties *ties_find(const GPtrArray *parts, const struct words *words, const guint *frequencies,
		       const char *patched_tree, struct built *built)
{
	struct ties *ties = g_new0(struct ties, 1);
	struct tying tying = {.parts = parts,
			      .words = words,
			      .frequencies = frequencies,
			      .patched_tree = patched_tree,
			      .built = built,
			      .ties = ties};

	ties->change = g_new(guint, parts->len + 1);
	ties->joined = g_array_new(FALSE, FALSE, sizeof(struct tie));
	g_array_set_clear_func(ties->joined, (GDestroyNotify)tie_clear);
	for (guint i = 0; i < parts->len; i++)
		ties->change[i] = i;
	tying.objects = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
	tying.mentions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	tying.everyday = g_hash_table_new(NULL, NULL);
	sort_words(&tying);
	tie_words(&tying);
	tie_files(&tying);
	tie_counters(&tying);
	tie_left_to(&tying);
	tie_idle(&tying);
	for (guint i = 0; i < parts->len; i++)
		ties->change[i] = find(ties, i);
	for (guint word = 0; word < words->texts->len; word++)
		if (tying.postings[word])
			g_array_unref(tying.postings[word]);
	g_free(tying.postings);
	g_hash_table_unref(tying.objects);
	g_hash_table_unref(tying.mentions);
	g_hash_table_unref(tying.everyday);
	return ties;
}

void ties_free(struct ties *ties)
{
	g_array_unref(ties->joined);
	g_free(ties->change);
	g_free(ties);
}
