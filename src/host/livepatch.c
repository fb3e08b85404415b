/*
 * The livepatches of the running machine, read anew each time.
 *
 * A livepatch has a directory in /sys/kernel/livepatch from when it is being enabled until its
 * last task is back in the old code.  Before and after there is only its module, which the kernel
 * marks as a livepatch by its taint.
 */
#include "host/livepatch.h"

#include <elf.h>
#include <string.h>

#include "base/error.h"
#include "klatch.h"

/* TAINT_LIVEPATCH, as /sys/module/NAME/taint writes it. */
#define TAINT_LIVEPATCH 'K'

/* The kernel side's objects have this behind their name while they are to be passed by. */
#define UNPATCHED_SUFFIX ".unpatched"

static const char *const target_names[] = {
	[TARGET_PATCHED] = "patched",
	[TARGET_UNPATCHED] = "unpatched",
	[TARGET_LATE] = "late",
	[TARGET_UNRECOGNISED] = "unrecognised",
};
G_STATIC_ASSERT(G_N_ELEMENTS(target_names) == TARGET_STATES);

static const char *const livepatch_names[] = {
	[LIVEPATCH_ENABLED] = "enabled",
	[LIVEPATCH_PATCHING] = "patching",
	[LIVEPATCH_UNPATCHING] = "unpatching",
	[LIVEPATCH_DISABLED] = "disabled",
};

const char *livepatch_state_name(enum livepatch_state state)
{
	return livepatch_names[state];
}

const char *target_state_name(enum target_state state)
{
	return target_names[state];
}

static void target_free(gpointer data)
{
	struct host_target *target = data;

	g_free(target->name);
	g_ptr_array_unref(target->functions);
	g_free(target);
}

void host_livepatch_free(struct host_livepatch *livepatch)
{
	g_free(livepatch->name);
	g_ptr_array_unref(livepatch->targets);
	g_ptr_array_unref(livepatch->cves);
	g_ptr_array_unref(livepatch->kept);
	g_free(livepatch);
}

static void free_livepatch(gpointer livepatch)
{
	host_livepatch_free(livepatch);
}

static struct host_target *add_target(struct host_livepatch *livepatch, const char *name)
{
	struct host_target *target = g_new0(struct host_target, 1);

	target->name = g_strdup(name);
	target->functions = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(livepatch->targets, target);
	return target;
}

static struct host_target *find_target(const struct host_livepatch *livepatch, const char *name)
{
	for (guint i = 0; i < livepatch->targets->len; i++) {
		struct host_target *target = livepatch->targets->pdata[i];

		if (!strcmp(target->name, name))
			return target;
	}
	return NULL;
}

/* --- targets --------------------------------------------------------------------------------- */

/* Directories of an object are its functions: "NAME,SYMPOS". */
static void read_functions(const struct host *host, const char *livepatch, const char *directory,
			   struct host_target *target)
{
	g_autoptr(GPtrArray) names =
		host_names(host->sys, "kernel/livepatch", livepatch, directory, NULL);

	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		const char *comma = strrchr(name, ',');

		if (comma)
			g_ptr_array_add(target->functions, g_strndup(name, (gsize)(comma - name)));
	}
}

/* What the livepatch core says of an object; kernels before 6.1 say nothing, and patch whatever is
 * there. */
static enum target_state core_state(const struct host *host, const struct host_livepatch *livepatch,
				    const char *directory, const char *name)
{
	g_autofree char *patched = host_text(host->sys, "kernel/livepatch", livepatch->name,
					     directory, "patched", NULL);
	g_autofree char *module = g_build_filename(host->sys, "module", name, NULL);
	gboolean is_there = !strcmp(name, "vmlinux") || g_file_test(module, G_FILE_TEST_IS_DIR);

	if (!is_there)
		return TARGET_LATE;
	return host_number(patched, 1) ? TARGET_PATCHED : TARGET_UNPATCHED;
}

static void read_object(const struct host *host, struct host_livepatch *livepatch,
			const char *directory)
{
	g_autofree char *name = g_strdup(directory);
	struct host_target *target;

	if (g_str_has_suffix(name, UNPATCHED_SUFFIX))
		name[strlen(name) - strlen(UNPATCHED_SUFFIX)] = '\0';
	target = add_target(livepatch, name);
	target->state = core_state(host, livepatch, directory, name);
	read_functions(host, livepatch->name, directory, target);
}

static void read_objects(const struct host *host, struct host_livepatch *livepatch)
{
	g_autoptr(GPtrArray) names =
		host_names(host->sys, "kernel/livepatch", livepatch->name, NULL);

	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *path = g_build_filename(host->sys, "kernel/livepatch",
							 livepatch->name, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			read_object(host, livepatch, name);
	}
}

static enum target_state parse_state(const char *word)
{
	if (!strcmp(word, "absent"))
		return TARGET_LATE;
	for (guint i = 0; i < TARGET_STATES; i++)
		if (!strcmp(word, target_names[i]))
			return i;
	return TARGET_UNPATCHED;
}

typedef void take_word(struct host_target *target, const char *word);

static void take_state(struct host_target *target, const char *word)
{
	target->state = parse_state(word);
}

static void take_probe(struct host_target *target, const char *word)
{
	g_ptr_array_add(target->functions, g_strdup(word));
}

/* A parameter of the kernel side (late/), which knows more than the core: lines "MODULE WORD". */
static void read_kernel_side(const struct host *host, struct host_livepatch *livepatch,
			     const char *parameter, take_word *take)
{
	g_autofree char *text =
		host_text(host->sys, "module", livepatch->name, "parameters", parameter, NULL);
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		char *space = strchr(lines[i], ' ');
		struct host_target *target;

		if (!space)
			continue;
		*space = '\0';
		target = find_target(livepatch, lines[i]);
		if (!target)
			target = add_target(livepatch, lines[i]);
		take(target, space + 1);
	}
}

/* --- livepatches ----------------------------------------------------------------------------- */

static enum livepatch_state read_state(const struct host *host, const char *name)
{
	g_autofree char *enabled = host_text(host->sys, "kernel/livepatch", name, "enabled", NULL);
	g_autofree char *moving =
		host_text(host->sys, "kernel/livepatch", name, "transition", NULL);

	if (host_number(moving, 0))
		return host_number(enabled, 0) ? LIVEPATCH_PATCHING : LIVEPATCH_UNPATCHING;
	return host_number(enabled, 0) ? LIVEPATCH_ENABLED : LIVEPATCH_DISABLED;
}

static gboolean is_tainted(const struct host *host, const char *name)
{
	g_autofree char *taint = host_text(host->sys, "module", name, "taint", NULL);

	return taint && strchr(taint, TAINT_LIVEPATCH);
}

/* A name or a description is filled up to a multiple of four. */
static gsize note_align(gsize size)
{
	return (size + 3) & ~(gsize)3;
}

/* A section has one note, which the builder made. */
GPtrArray *note_words(GBytes *notes, guint type)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
	gsize size;
	const char *data = g_bytes_get_data(notes, &size);
	const gsize name = sizeof(Elf64_Nhdr), text = name + note_align(sizeof(KLATCH_NOTE_NAME));
	Elf64_Nhdr header;

	if (size < text)
		return found;
	memcpy(&header, data, sizeof(header));
	if (header.n_namesz != sizeof(KLATCH_NOTE_NAME) || header.n_type != type ||
	    memcmp(data + name, KLATCH_NOTE_NAME, sizeof(KLATCH_NOTE_NAME)) ||
	    header.n_descsz > size - text)
		return found;
	g_autofree char *all = g_strndup(data + text, header.n_descsz);
	g_auto(GStrv) words = g_strsplit(all, " ", -1);
	for (guint i = 0; words[i]; i++)
		if (*words[i] && g_str_is_ascii(words[i]))
			g_ptr_array_add(found, g_strdup(words[i]));
	return found;
}

static GPtrArray *read_words(const struct host *host, const char *name, const char *section,
			     guint type)
{
	g_autoptr(GBytes) notes = host_bytes(host->sys, "module", name, "notes", section, NULL);

	return notes ? note_words(notes, type) : g_ptr_array_new_with_free_func(g_free);
}

static struct host_livepatch *read_livepatch(const struct host *host, const char *name)
{
	struct host_livepatch *livepatch = g_new0(struct host_livepatch, 1);

	livepatch->name = g_strdup(name);
	livepatch->state = read_state(host, name);
	livepatch->cves = read_words(host, name, KLATCH_NOTE_SECTION, KLATCH_NOTE_CVES);
	livepatch->kept = read_words(host, name, KLATCH_KEPT_SECTION, KLATCH_NOTE_KEPT);
	livepatch->targets = g_ptr_array_new_with_free_func(target_free);
	read_objects(host, livepatch);
	read_kernel_side(host, livepatch, "targets", take_state);
	read_kernel_side(host, livepatch, "probes", take_probe);
	return livepatch;
}

static gboolean has_livepatches(const struct host *host, GError **error)
{
	g_autofree char *path = g_build_filename(host->sys, "kernel/livepatch", NULL);

	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, "there can be no livepatches", path,
		    "a kernel with CONFIG_LIVEPATCH is needed, and /sys",
		    "the running kernel does not have this directory");
	return FALSE;
}

GPtrArray *host_livepatches(const struct host *host, GError **error)
{
	g_autoptr(GPtrArray) modules = NULL;
	GPtrArray *livepatches;

	if (!has_livepatches(host, error))
		return NULL;
	modules = host_names(host->sys, "module", NULL);
	livepatches = g_ptr_array_new_with_free_func(free_livepatch);
	for (guint i = 0; i < modules->len; i++)
		if (is_tainted(host, modules->pdata[i]))
			g_ptr_array_add(livepatches, read_livepatch(host, modules->pdata[i]));
	return livepatches;
}

struct host_livepatch *host_livepatch(const struct host *host, const char *name, GError **error)
{
	if (!has_livepatches(host, error))
		return NULL;
	if (*name && !strchr(name, '/') && is_tainted(host, name))
		return read_livepatch(host, name);
	klatch_fail(error, KLATCH_REFUSED, "there is no such livepatch", name,
		    "klatch status lists those that are there",
		    "no livepatch of this name is "
		    "loaded");
	return NULL;
}

const struct host_livepatch *host_in_transition(const GPtrArray *livepatches)
{
	for (guint i = 0; i < livepatches->len; i++)
		if (livepatch_is_moving(livepatches->pdata[i]))
			return livepatches->pdata[i];
	return NULL;
}

guint livepatch_count(const struct host_livepatch *livepatch, enum target_state state)
{
	guint count = 0;

	for (guint i = 0; i < livepatch->targets->len; i++)
		count += ((struct host_target *)livepatch->targets->pdata[i])->state == state;
	return count;
}
