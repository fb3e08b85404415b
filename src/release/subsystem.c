/*
 * Most subsystems are called as their directory or source is; what else they are called is in a
 * table.  Each name that stands further right makes the set of files narrower, if anything is left.
 */
#include "release/subsystem.h"

#include <string.h>

/* What subsystems call themselves, where no path has it or paths of others have it. */
static const struct {
	const char *name;
	const char *files; /* a pattern of paths */
} called[] = {
	{"alsa", "sound/*"},
	{"asoc", "sound/soc/*"},
	{"usb-audio", "sound/usb/*"},
	{"svcrdma", "net/sunrpc/xprtrdma/*"},
	{"rdma", "drivers/infiniband/*"},
	{"ib", "drivers/infiniband/*"},
	{"rvt", "drivers/infiniband/sw/rdmavt/*"},
	{"vt-d", "drivers/iommu/intel/*"},
	{"mlx5e", "*/mellanox/mlx5/*"},
	{"cifs", "fs/smb/client/*"},
	{"smb3", "fs/smb/client/*"},
	{"ksmbd", "fs/smb/server/*"},
	{"nfsv4", "fs/nfs/*"},
	{"nfsv4.1", "fs/nfs/*"},
	{"pnfs", "fs/nfs/*"},
	{"ovl", "fs/overlayfs/*"},
	{"libceph", "net/ceph/*"},
	{"nvmet", "drivers/nvme/target/*"},
	{"nsvm", "arch/x86/kvm/svm/*"},
	{"nvmx", "arch/x86/kvm/vmx/*"},
	{"perf", "kernel/events/*"},
	{"perf", "arch/*/events/*"},
	{"perf", "include/linux/perf_event.h"},
	{"tracing", "kernel/trace/*"},
	{"scsi", "drivers/scsi/*"},
	{"scsi", "drivers/target/*"},
	{"scsi", "drivers/ufs/*"},
	{"dm", "drivers/md/*"},
	{"dmaengine", "drivers/dma/*"},
	{"hwrng", "drivers/char/hw_random/*"},
	{"wifi", "drivers/net/wireless/*"},
	{"wifi", "net/wireless/*"},
	{"wifi", "net/mac80211/*"},
	{"cfg80211", "net/wireless/*"},
	{"cfg80211", "include/net/cfg80211.h"},
	{"nl80211", "net/wireless/*"},
	{"inet", "net/ipv[46]/*"},
	{"eth", "drivers/net/ethernet/*"},
	{"fsnotify", "fs/notify/*"},
};

/* A name of more than one in so many documents says little. */
#define WIDE 12

/* --- sets of documents ------------------------------------------------------------------------ */

static GHashTable *both(GHashTable *one, GHashTable *other)
{
	GHashTable *set = g_hash_table_new(NULL, NULL);
	GHashTableIter iter;
	gpointer at;

	g_hash_table_iter_init(&iter, one);
	while (g_hash_table_iter_next(&iter, &at, NULL))
		if (g_hash_table_contains(other, at))
			g_hash_table_add(set, at);
	return set;
}

static void add_all(GHashTable *to, GHashTable *from)
{
	GHashTableIter iter;
	gpointer at;

	g_hash_table_iter_init(&iter, from);
	while (g_hash_table_iter_next(&iter, &at, NULL))
		g_hash_table_add(to, at);
}

/* --- names ------------------------------------------------------------------------------------ */

const char *subsystem_end(const char *subject)
{
	const char *end = subject;

	for (const char *at = subject; (at = strstr(at, ": ")); at++)
		end = at;
	return end;
}

/* Adds what the table says. */
static void add_called(const struct documents *documents, const char *name, GHashTable *found)
{
	for (guint i = 0; i < G_N_ELEMENTS(called); i++) {
		if (strcmp(called[i].name, name))
			continue;
		for (guint j = 0; j < documents->all->len; j++)
			if (g_pattern_match_simple(called[i].files,
						   document_at(documents, j)->path))
				g_hash_table_add(found, GUINT_TO_POINTER(j + 1));
	}
}

/* What the table says of a word, or else the paths. */
static GHashTable *find_word(const struct documents *documents, const char *word)
{
	GHashTable *in_paths = g_hash_table_lookup(documents->words[PLACE_PATH], word);
	GHashTable *found = g_hash_table_new(NULL, NULL);

	add_called(documents, word, found);
	if (in_paths && !g_hash_table_size(found))
		add_all(found, in_paths);
	return found;
}

/* Leaves of a set what another has, if there is any; whether there is. */
static gboolean narrow(GHashTable **set, GHashTable *other)
{
	GHashTable *common = both(*set, other);
	gboolean any = g_hash_table_size(common);

	if (any) {
		g_hash_table_unref(*set);
		*set = common;
	} else {
		g_hash_table_unref(common);
	}
	return any;
}

/* What is called by a name, or has all its parts ("dw-edma"), or else the first. */
static GHashTable *find_name(const struct documents *documents, const char *name)
{
	g_auto(GStrv) parts = g_strsplit_set(name, "-_", -1);
	GHashTable *found = find_word(documents, name);

	if (g_hash_table_size(found) || !*parts)
		return found;
	g_hash_table_unref(found);
	found = find_word(documents, *parts);
	for (char **part = parts + 1; *part; part++) {
		g_autoptr(GHashTable) set = find_word(documents, *part);

		narrow(&found, set);
	}
	return found;
}

/* What all names stand for ("drm/amd/display").  A name that leaves nothing of those before it says
 * nothing, unless they say as good as nothing ("fs/resctrl"). */
static void find_names(const struct documents *documents, const char *text, GHashTable *found)
{
	g_auto(GStrv) names = g_strsplit_set(text, " :/()[]\"", -1);
	g_autoptr(GHashTable) left = g_hash_table_new(NULL, NULL);

	for (char **name = names; *name; name++) {
		g_autoptr(GHashTable) set = find_name(documents, *name);
		guint count = g_hash_table_size(left);

		if (!g_hash_table_size(set) || narrow(&left, set))
			continue;
		if (!count || count > documents->all->len / WIDE) {
			g_hash_table_unref(left);
			left = g_steal_pointer(&set);
		}
	}
	add_all(found, left);
}

GHashTable *subsystem_documents(const struct documents *documents, const char *subject)
{
	g_autofree char *prefix = g_ascii_strdown(subject, subsystem_end(subject) - subject);
	g_auto(GStrv) alternatives = g_strsplit(prefix, ",", -1);
	GHashTable *found = *prefix ? g_hash_table_new(NULL, NULL) : NULL;

	for (char **text = alternatives; *text; text++)
		find_names(documents, *text, found);
	return found;
}
