/*
 * Linking at scale: each function of a unit of a prepared kernel is replaced by itself, one
 * livepatch for each.  Every reference in it must then lead to where the shipped one leads, and the
 * livepatch must keep all that klatch promises (src/check).  Speaks TAP.
 *
 *	relink RELEASE DIRECTORY UNIT...	as "kernel/fork.o"; an empty directory
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "check/check.h"
#include "compile/compile.h"
#include "diff/split.h"
#include "kernel/special.h"
#include "klatch.h"
#include "link/link.h"
#include "link/runtime.h"
#include "match/field.h"
#include "tree/commands.h"

#define KLP_SYMBOL ".klp.sym."
#define COLD	   ".cold"

struct relink {
	struct kernel *kernel;
	const char *directory;
	char *livepatch; /* path of the one that is made */

	/* the unit */
	const struct compiled *compiled;
	struct image *image;
	struct object *stock;	/* as it was matched */
	struct object *shipped; /* the same, cut into functions as the other two are */
	struct match *match;
	struct object *original;
	struct object *patched;
	GHashTable *origins;

	guint functions, references, bad;
};

/* What the livepatch writes at an offset of a function. */
struct written {
	guint64 offset;
	guint32 type;
	const struct symbol *symbol;
	gint64 addend;
};

/* --- replacing a function by itself ---------------------------------------------------------- */

static gboolean calls_fentry(const struct symbol *function)
{
	/* it is first, or behind an ENDBR */
	for (guint at = 1; at <= 5; at += 4) {
		const struct reloc *first =
			section_reloc_at(function->section, function->value + at);

		if (first && first->symbol && !strcmp(first->symbol->name, "__fentry__"))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_replaceable(const struct symbol *symbol)
{
	return symbol->type == STT_FUNC && symbol->section && symbol->binding != STB_WEAK &&
	       !g_str_has_suffix(symbol->name, COLD) &&
	       !g_str_has_prefix(symbol->section->name, ".init") &&
	       !g_str_has_prefix(symbol->section->name, ".exit") && calls_fentry(symbol);
}

/* Both objects are the same: what is at the same place in them is the same thing. */
static GHashTable *pair_symbols(const struct object *original, const struct object *patched)
{
	GHashTable *origins = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < patched->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(patched, i);

		if (symbol->section && symbol->type != STT_SECTION)
			g_hash_table_insert(origins, symbol, object_symbol_at(original, i));
	}
	return origins;
}

/* What has no identity comes along, as the differ would have it: read-only data without a name, and
 * what has no size. */
static void add_anonymous(GHashTable *sections, const struct object *object, guint series)
{
	g_autoptr(GHashTable) named = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);

		if (symbol->type != STT_SECTION)
			g_hash_table_add(named, symbol->section);
	}
	for (guint i = 0; i < object->sections->len; i++) {
		struct section *section = object_section_at(object, i);

		gboolean read_only = !(section->flags & (SHF_WRITE | SHF_EXECINSTR));

		if (!(section->flags & SHF_ALLOC) || special_find(section->name, series))
			continue;
		if (!section->size || (read_only && !g_hash_table_contains(named, section)))
			g_hash_table_add(sections, section);
	}
}

static struct diff *replace(const struct relink *relink, struct symbol *function)
{
	struct diff *diff = g_new0(struct diff, 1);
	struct diff_function *changed = g_new0(struct diff_function, 1);
	g_autofree char *cold = g_strconcat(function->name, COLD, NULL);

	changed->patched = function;
	changed->original = g_hash_table_lookup(relink->origins, function);
	changed->why = g_strdup("tried");
	diff->functions = g_ptr_array_new();
	diff->refusals = g_ptr_array_new();
	diff->notes = g_ptr_array_new();
	diff->sections = g_hash_table_new(NULL, NULL);
	diff->origins = g_hash_table_ref(relink->origins);
	g_ptr_array_add(diff->functions, changed);
	g_hash_table_add(diff->sections, function->section);
	add_anonymous(diff->sections, relink->patched, relink->kernel->series);
	for (guint i = 0; i < relink->patched->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(relink->patched, i);

		if (!strcmp(symbol->name, cold))
			g_hash_table_add(diff->sections, symbol->section);
	}
	return diff;
}

static void replace_clear(struct diff *diff)
{
	struct diff_function *changed = g_ptr_array_index(diff->functions, 0);

	g_free(changed->why);
	g_free(changed);
	g_ptr_array_unref(diff->functions);
	g_ptr_array_unref(diff->refusals);
	g_ptr_array_unref(diff->notes);
	g_hash_table_unref(diff->sections);
	g_hash_table_unref(diff->origins);
	g_free(diff);
}

static gboolean link_function(const struct relink *relink, struct symbol *function, GError **error)
{
	struct diff *diff = replace(relink, function);
	struct link_unit unit = {
		.unit = relink->compiled->unit,
		.image = relink->image,
		.stock = relink->stock,
		.match = relink->match,
		.original = relink->original,
		.patched = relink->patched,
		.diff = diff,
	};
	const struct link_options options = {.name = "relink"};
	gboolean linked = link_livepatch(relink->kernel, &options, &unit, 1, relink->directory,
					 relink->livepatch, error);

	replace_clear(diff);
	return linked;
}

/* --- where its references lead --------------------------------------------------------------- */

static gint compare_written(gconstpointer a, gconstpointer b)
{
	const struct written *left = a, *right = b;

	return (left->offset > right->offset) - (left->offset < right->offset);
}

static void add_relocs(GArray *written, const struct section *section)
{
	for (guint i = 0; section && i < section->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(section, i);
		struct written one = {reloc->offset, reloc->type, reloc->symbol, reloc->addend};

		g_array_append_val(written, one);
	}
}

static void add_sites(GArray *written, const struct object *livepatch, const struct section *sites,
		      const struct section *text)
{
	for (gsize at = 0; sites && at < sites->size; at += sizeof(struct klatch_site)) {
		const struct klatch_site *site = (const void *)(sites->data + at);
		const struct reloc *place = section_reloc_at(sites, at);
		struct written one = {place->addend, site->type,
				      object_symbol_at(livepatch, site->symbol - 1), site->addend};

		if (place->symbol->section == text)
			g_array_append_val(written, one);
	}
}

/* All that is written into a section of the livepatch, in order. */
static GArray *all_written(const struct relink *relink, const struct object *livepatch,
			   const struct section *text)
{
	GArray *written = g_array_new(FALSE, FALSE, sizeof(struct written));
	g_autofree char *klp = g_strconcat(".klp.rela.vmlinux.", text->name, NULL);
	g_autofree char *sites = g_strconcat(".klatch.sites.", image_name(relink->image), NULL);

	add_relocs(written, text);
	add_relocs(written, object_section(livepatch, klp));
	add_sites(written, livepatch, object_section(livepatch, sites), text);
	g_array_sort(written, compare_written);
	return written;
}

/* The address, in the image of the unit's object, that a klp symbol of it has. */
static gboolean klp_address(const struct image *image, const char *name, guint position,
			    guint64 *address)
{
	gsize count;
	const guint64 *addresses = image_addresses(image, name, &count);

	for (gsize i = 0; i < count; i++) {
		guint coming, live;

		if (image_sympos(image, name, addresses[i], &coming, &live) && live == position) {
			*address = addresses[i];
			return TRUE;
		}
	}
	return FALSE;
}

/* The address that an undefined symbol has there. */
static gboolean plain_address(const struct image *image, const char *name, guint64 *address)
{
	gsize count;
	const guint64 *addresses = image_addresses(image, name, &count);

	for (gsize i = 0; i < count; i++)
		if (image_resolves(image, name, addresses[i])) {
			*address = addresses[i];
			return TRUE;
		}
	return FALSE;
}

static gboolean symbol_address(const struct image *image, const struct symbol *symbol,
			       guint64 *address)
{
	if (!g_str_has_prefix(symbol->name, KLP_SYMBOL))
		return plain_address(image, symbol->name, address);

	const char *rest = symbol->name + strlen(KLP_SYMBOL);
	const char *dot = strchr(rest, '.'), *comma = strrchr(rest, ',');
	g_autofree char *object = g_strndup(rest, dot - rest);
	g_autofree char *name = g_strndup(dot + 1, comma - dot - 1);

	/* Of another module the unit's own one only has an undefined symbol. */
	if (strcmp(object, image_name(image)) != 0)
		return plain_address(image, name, address);
	return klp_address(image, name, g_ascii_strtoull(comma + 1, NULL, 10), address);
}

/* Compares one; returns FALSE and says what is wrong if it leads elsewhere. */
static gboolean leads_home(struct relink *relink, const struct symbol *function,
			   const struct written *written, guint64 start)
{
	guint64 available, mine = 0, place = start + written->offset;
	const guint8 *field = image_bytes(relink->image, place, &available);

	if (written->symbol->section || !field)
		return TRUE;
	relink->references++;

	guint64 shipped = field_read(field, written->type, place) - written->addend;
	if (symbol_address(relink->image, written->symbol, &mine) && mine == shipped)
		return TRUE;
	g_autofree char *there = image_describe(relink->image, shipped);
	printf("# %s+0x%" G_GINT64_MODIFIER "x refers to %s, the shipped one to %s\n",
	       function->name, written->offset, written->symbol->name, there);
	return FALSE;
}

/* As far as both are laid out alike: own sections for functions may make a jump longer. */
static gboolean all_lead_home(struct relink *relink, const struct object *livepatch,
			      const struct symbol *function)
{
	const struct symbol *shipped = object_symbol(relink->shipped, function->name);
	const struct symbol *stock = object_symbol(relink->stock, function->name);
	const struct section *text = object_section(livepatch, function->section->name);
	gboolean good = TRUE;
	guint64 start;

	if (!shipped || !stock || !match_address(relink->match, stock, &start))
		return TRUE;
	g_autoptr(GArray) written = all_written(relink, livepatch, text);
	guint count = MIN(written->len, shipped->section->relocs->len);
	for (guint i = 0; i < count; i++) {
		const struct written *one = &g_array_index(written, struct written, i);
		const struct reloc *reloc = section_reloc(shipped->section, i);

		if (reloc->offset - shipped->value != one->offset - function->value)
			break;
		good = leads_home(relink, function, one, start - function->value) && good;
	}
	return good;
}

static gboolean keeps_promises(const struct relink *relink)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) refusals = check_livepatch(relink->kernel, relink->livepatch, &error);

	if (error)
		printf("# %s\n", error->message);
	for (guint i = 0; refusals && i < refusals->len; i++)
		printf("# %s\n", ((const GError *)g_ptr_array_index(refusals, i))->message);
	return refusals && !refusals->len;
}

static void try_function(struct relink *relink, struct symbol *function)
{
	g_autoptr(GError) error = NULL;

	relink->functions++;
	AUTO(object)
	livepatch = link_function(relink, function, &error) ? object_read(relink->livepatch, &error)
							    : NULL;
	if (error)
		printf("# %s: %s\n", function->name, error->message);
	if (!livepatch || !all_lead_home(relink, livepatch, function) || !keeps_promises(relink))
		relink->bad++;
}

/* --- units ----------------------------------------------------------------------------------- */

static gboolean open_unit(struct relink *relink, const struct compiled *compiled, GError **error)
{
	relink->compiled = compiled;
	relink->image = image_open(relink->kernel, compiled->unit->object, error);
	if (!relink->image || !(relink->stock = object_read(compiled->stock, error)) ||
	    !(relink->shipped = object_read(compiled->stock, error)) ||
	    !(relink->original = object_read(compiled->original, error)) ||
	    !(relink->patched = object_read(compiled->patched, error)) ||
	    !(relink->match = match_unit(relink->image, relink->stock, error)))
		return FALSE;
	split_object(relink->shipped, relink->kernel->series);
	split_object(relink->original, relink->kernel->series);
	split_object(relink->patched, relink->kernel->series);
	relink->origins = pair_symbols(relink->original, relink->patched);
	return TRUE;
}

static void close_unit(struct relink *relink)
{
	g_clear_pointer(&relink->origins, g_hash_table_unref);
	g_clear_pointer(&relink->match, match_free);
	g_clear_pointer(&relink->patched, object_free);
	g_clear_pointer(&relink->original, object_free);
	g_clear_pointer(&relink->shipped, object_free);
	g_clear_pointer(&relink->stock, object_free);
	g_clear_pointer(&relink->image, image_free);
}

static gboolean try_unit(struct relink *relink, const struct compiled *compiled)
{
	g_autoptr(GError) error = NULL;

	relink->functions = relink->references = relink->bad = 0;
	if (open_unit(relink, compiled, &error))
		for (guint i = 0; i < relink->patched->symbols->len; i++)
			if (is_replaceable(object_symbol_at(relink->patched, i)))
				try_function(relink, object_symbol_at(relink->patched, i));
	close_unit(relink);
	if (error)
		printf("# %s\n", error->message);

	gboolean good = !error && !relink->bad && relink->functions;
	printf("%s - %s: %u functions replaced by themselves, %u wrong; %u references\n",
	       good ? "ok" : "not ok", compiled->unit->output, relink->functions, relink->bad,
	       relink->references);
	return good;
}

/* The units of these names, compiled as they are. */
static GPtrArray *compile_named(const struct relink *relink, const struct commands *commands,
				char **names, GError **error)
{
	static const char *const no_patches[] = {NULL};
	const GPtrArray *all = commands_units(commands);
	g_autofree char *overlaid = g_build_filename(relink->directory, "overlay", NULL);
	AUTO(overlay) overlay = overlay_new(relink->kernel, no_patches, overlaid, error);
	g_autoptr(GPtrArray) chosen = g_ptr_array_new();

	for (; *names; names++)
		for (guint i = 0; i < all->len; i++) {
			struct unit *unit = g_ptr_array_index(all, i);

			if (!strcmp(unit->output, *names))
				g_ptr_array_add(chosen, unit);
		}
	return overlay ? compile_units(relink->kernel, overlay, chosen, FALSE, relink->directory,
				       error)
		       : NULL;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	gboolean good = TRUE;

	if (argc < 4) {
		fputs("usage: relink RELEASE DIRECTORY UNIT...\n", stderr);
		return 2;
	}

	AUTO(kernel) kernel = kernel_open(argv[1], &error);
	AUTO(commands)
	commands = kernel && runtime_renew(kernel, &error) ? commands_open(kernel, &error) : NULL;
	g_autofree char *livepatch = g_build_filename(argv[2], "relink.ko", NULL);
	struct relink relink = {.kernel = kernel, .directory = argv[2], .livepatch = livepatch};
	g_autoptr(GPtrArray) compiled =
		commands ? compile_named(&relink, commands, argv + 3, &error) : NULL;
	if (!compiled) {
		fprintf(stderr, "relink: %s\n", error->message);
		return 2;
	}
	printf("1..%d\n", argc - 3);
	for (guint i = 0; i < compiled->len; i++)
		good = try_unit(&relink, g_ptr_array_index(compiled, i)) && good;
	return !good || (int)compiled->len != argc - 3;
}
