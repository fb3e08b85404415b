/*
 * Images: regions of bytes, and names.  vmlinux comes with addresses; its file is mapped, not read,
 * as most of it is never looked at.  A module is given addresses by layout_module().
 *
 * Which of a module's symbols the kernel's livepatch code sees, and in which order: kernel/module/
 * kallsyms.c (is_core_symbol) and main.c (layout_sections, rewrite_section_headers), with
 * CONFIG_KALLSYMS_ALL and CONFIG_MODULE_UNLOAD, as Debian builds.
 */
#include <libelf.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "kernel/kallsyms.h"
#include "kernel/modules.h"
#include "match/image.h"
#include "match/layout.h"
#include "match/names.h"

struct region {
	char *name;
	guint64 address;
	guint64 size;
	const guint8 *bytes; /* NULL for bss */
	guint64 flags;	     /* SHF_* */
};

struct image {
	char *name;
	guint series;
	GArray *regions; /* of struct region, by rising address, apart from each other */
	struct names *names;
	GBytes *vmlinux; /* what regions and names borrow from */
	struct kallsyms *kallsyms;
	struct object *module;
};

static void region_clear(gpointer region)
{
	g_free(((struct region *)region)->name);
}

static struct image *image_new(const char *name, guint series)
{
	struct image *image = g_new0(struct image, 1);

	image->name = g_strdup(name);
	image->series = series;
	image->regions = g_array_new(FALSE, FALSE, sizeof(struct region));
	g_array_set_clear_func(image->regions, region_clear);
	return image;
}

void image_free(struct image *image)
{
	if (!image)
		return;
	g_free(image->name);
	g_array_unref(image->regions);
	names_free(image->names);
	g_clear_pointer(&image->vmlinux, g_bytes_unref);
	g_clear_pointer(&image->kallsyms, kallsyms_free);
	g_clear_pointer(&image->module, object_free);
	g_free(image);
}

static gboolean unsound(const char *path, GError **error, const char *why)
{
	klatch_fail(error, KLATCH_INPUT, "the image can't be read", path,
		    "klatch kernel rm and klatch kernel add make it anew", "%s", why);
	return FALSE;
}

static gint compare_regions(gconstpointer a, gconstpointer b)
{
	const struct region *left = a, *right = b;

	return (left->address > right->address) - (left->address < right->address);
}

/* Puts the regions in order; false if two of them overlap, or one runs over the end. */
static gboolean sort_regions(struct image *image)
{
	guint64 end = 0;

	g_array_sort(image->regions, compare_regions);
	for (guint i = 0; i < image->regions->len; i++) {
		const struct region *region = &g_array_index(image->regions, struct region, i);

		if (region->address < end || region->size > G_MAXUINT64 - region->address)
			return FALSE;
		end = region->address + region->size;
	}
	return TRUE;
}

/* Adds a section of vmlinux unless it is not loaded; false if it lies outside of the file. */
static gboolean add_region(struct image *image, const Elf64_Shdr *header, const char *name)
{
	gsize file_size;
	const guint8 *file = g_bytes_get_data(image->vmlinux, &file_size);
	gboolean empty = header->sh_type == SHT_NOBITS;

	if (!(header->sh_flags & SHF_ALLOC) || !header->sh_size)
		return TRUE;
	if (!empty &&
	    (header->sh_offset > file_size || header->sh_size > file_size - header->sh_offset))
		return FALSE;

	struct region region = {
		.name = g_strdup(name),
		.address = header->sh_addr,
		.size = header->sh_size,
		.bytes = empty ? NULL : file + header->sh_offset,
		.flags = header->sh_flags,
	};
	g_array_append_val(image->regions, region);
	return TRUE;
}

static gboolean add_all_regions(struct image *image, Elf *elf)
{
	gsize names;

	if (!elf || !elf64_getehdr(elf) || elf_getshdrstrndx(elf, &names))
		return FALSE;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
		const Elf64_Shdr *header = elf64_getshdr(scn);
		const char *name = header ? elf_strptr(elf, names, header->sh_name) : NULL;

		if (!name || !add_region(image, header, name))
			return FALSE;
	}
	/* libelf shows no sections at all where the table does not fit the file */
	return image->regions->len && sort_regions(image);
}

static gboolean read_vmlinux(struct image *image, const char *path, GError **error)
{
	image->vmlinux = files_map(path, error);
	if (!image->vmlinux)
		return FALSE;

	gsize size;
	const void *data = g_bytes_get_data(image->vmlinux, &size);
	elf_version(EV_CURRENT);
	/* libelf takes a pointer it may write through, but only does so when asked to convert. */
	Elf *elf = elf_memory((char *)data, size);
	gboolean sound = add_all_regions(image, elf);
	elf_end(elf);
	return sound || unsound(path, error, "its section table is damaged");
}

static gboolean read_kallsyms(struct image *image, const char *path, GError **error)
{
	image->kallsyms = kallsyms_read(path, error);
	if (!image->kallsyms)
		return FALSE;

	gsize count = image->kallsyms->count;
	g_autofree struct named *symbols = g_new(struct named, count);
	for (gsize i = 0; i < count; i++) {
		const struct kallsym *from = &image->kallsyms->symbols[i];

		symbols[i] = (struct named){
			.name = from->name,
			.address = from->address,
			.flags = NAME_COMING | NAME_LIVE |
				 (g_ascii_isupper(from->type) ? NAME_GLOBAL : 0),
		};
	}
	image->names = names_new(symbols, count);
	return TRUE;
}

static void add_module_regions(struct image *image)
{
	for (guint i = 0; i < image->module->sections->len; i++) {
		const struct section *section = object_section_at(image->module, i);
		struct region region = {
			.address = section->address,
			.size = section->size,
			.bytes = section->data,
			.flags = section->flags,
		};

		if (!(section->flags & SHF_ALLOC) || !section->size)
			continue;
		region.name = g_strdup(section->name);
		g_array_append_val(image->regions, region);
	}
}

/* Whether the symbols of a module's section stay when its init code is dropped. */
static gboolean section_is_core(const struct section *section)
{
	return section->flags & SHF_ALLOC && !g_str_has_prefix(section->name, ".init") &&
	       strcmp(section->name, ".modinfo") && strcmp(section->name, "__versions");
}

static guint module_symbol_flags(const struct symbol *symbol)
{
	guint flags = symbol->binding == STB_LOCAL ? 0 : NAME_GLOBAL;

	if (symbol->section || symbol->special != SHN_UNDEF)
		flags |= NAME_COMING;
	if (symbol->section && section_is_core(symbol->section))
		flags |= NAME_LIVE;
	return flags;
}

static void add_module_names(struct image *image, const guint64 *addresses)
{
	g_autoptr(GArray) symbols = g_array_new(FALSE, FALSE, sizeof(struct named));

	for (guint i = 0; i < image->module->symbols->len; i++) {
		const struct symbol *from = object_symbol_at(image->module, i);
		struct named symbol = {
			.name = from->name,
			.address = addresses[i],
			.flags = module_symbol_flags(from),
		};

		if (*from->name)
			g_array_append_val(symbols, symbol);
	}
	image->names = names_new((const struct named *)symbols->data, symbols->len);
}

struct image *image_of_module(struct object *module, const char *name, guint series, GError **error)
{
	AUTO(image) image = image_new(name, series);

	image->module = module;
	g_autofree guint64 *addresses = layout_module(module, error);
	if (!addresses)
		return NULL;
	add_module_regions(image);
	add_module_names(image, addresses);
	return g_steal_pointer(&image);
}

struct image *image_open(const struct kernel *kernel, const char *name, GError **error)
{
	if (strcmp(name, "vmlinux")) {
		struct object *module = modules_object(kernel, name, error);

		return module ? image_of_module(module, name, kernel->series, error) : NULL;
	}

	AUTO(image) image = image_new(name, kernel->series);
	if (!read_vmlinux(image, kernel->vmlinux, error) ||
	    !read_kallsyms(image, kernel->kallsyms, error))
		return NULL;
	return g_steal_pointer(&image);
}

const char *image_name(const struct image *image)
{
	return image->name;
}

guint image_series(const struct image *image)
{
	return image->series;
}

/* The region that holds an address, or NULL. */
static const struct region *region_at(const struct image *image, guint64 address)
{
	guint low = 0, high = image->regions->len;

	while (low < high) { /* the last region that begins at or below the address */
		guint middle = low + (high - low) / 2;

		if (g_array_index(image->regions, struct region, middle).address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;

	const struct region *region = &g_array_index(image->regions, struct region, low - 1);
	return address - region->address < region->size ? region : NULL;
}

const guint8 *image_bytes(const struct image *image, guint64 address, guint64 *available)
{
	const struct region *region = region_at(image, address);
	guint64 offset = region ? address - region->address : 0;

	*available = region ? region->size - offset : 0;
	return region && region->bytes ? region->bytes + offset : NULL;
}

gboolean image_section(const struct image *image, const char *name, guint64 *address, guint64 *size)
{
	for (guint i = 0; i < image->regions->len; i++) {
		const struct region *region = &g_array_index(image->regions, struct region, i);

		if (strcmp(region->name, name))
			continue;
		*address = region->address;
		*size = region->size;
		return TRUE;
	}
	return FALSE;
}

gboolean image_region(const struct image *image, guint index, struct image_region *region)
{
	const struct region *from;

	if (index >= image->regions->len)
		return FALSE;
	from = &g_array_index(image->regions, struct region, index);
	*region = (struct image_region){from->name, from->address, from->size, from->bytes,
					from->flags};
	return TRUE;
}

static const struct named *symbol_before(const struct image *image, guint64 address)
{
	const struct region *region = region_at(image, address);

	return names_before(image->names, region ? region->address : address, address);
}

const char *image_symbol(const struct image *image, guint64 address)
{
	const struct named *symbol = symbol_before(image, address);

	return symbol ? symbol->name : NULL;
}

gboolean image_has_prefix(const struct image *image, const char *prefix)
{
	return names_have_prefix(image->names, prefix);
}

const guint64 *image_addresses(const struct image *image, const char *name, gsize *count)
{
	struct same_name same = names_find(image->names, name);

	*count = same.count;
	return same.addresses;
}

gboolean image_resolves(const struct image *image, const char *name, guint64 address)
{
	struct same_name same = names_find(image->names, name);
	gboolean global = FALSE, local = FALSE;

	for (gsize i = 0; i < same.count; i++) {
		if (same.symbols[i].flags & NAME_GLOBAL) {
			global = TRUE;
			if (same.addresses[i] == address)
				return TRUE;
		}
		local |= same.addresses[i] == address;
	}
	return local && !global;
}

const char *image_text(const struct image *image, const char *symbol)
{
	gsize count;
	const guint64 *addresses = image_addresses(image, symbol, &count);
	guint64 available = 0;
	const guint8 *bytes = count == 1 ? image_bytes(image, addresses[0], &available) : NULL;

	return bytes && memchr(bytes, 0, available) ? (const char *)bytes : NULL;
}

char *image_describe(const struct image *image, guint64 address)
{
	const struct region *region = region_at(image, address);
	const struct named *symbol = symbol_before(image, address);

	if (symbol && symbol->address == address)
		return g_strdup(symbol->name);
	if (symbol)
		return g_strdup_printf("%s+0x%" G_GINT64_MODIFIER "x", symbol->name,
				       address - symbol->address);
	if (region)
		return g_strdup_printf("%s+0x%" G_GINT64_MODIFIER "x", region->name,
				       address - region->address);
	return g_strdup_printf("0x%" G_GINT64_MODIFIER "x", address);
}

/* The position of the symbol at an address among those of a view; false if it is not in the view.
 */
static gboolean position(const struct same_name *same, guint64 address, guint view, guint *sympos)
{
	guint seen = 0, found = 0;

	for (gsize i = 0; i < same->count; i++) {
		if (!(same->symbols[i].flags & view))
			continue;
		seen++;
		if (same->addresses[i] == address && !found)
			found = seen;
	}
	*sympos = seen == 1 ? 0 : found;
	return found > 0;
}

gboolean image_sympos(const struct image *image, const char *name, guint64 address, guint *coming,
		      guint *live)
{
	struct same_name same = names_find(image->names, name);

	return position(&same, address, NAME_COMING, coming) &&
	       position(&same, address, NAME_LIVE, live);
}
