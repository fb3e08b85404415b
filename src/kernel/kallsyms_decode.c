/*
 * The symbols of a kernel out of its raw image, which has no symbol table.
 *
 * scripts/kallsyms.c emits the kernel's own copy as several tables, each aligned to eight bytes, or
 * to four (7.2):
 *
 *	num_syms	how many
 *	names		for each a length (one or two bytes, ULEB128) and that many token codes,
 *			which spell its type and its name
 *	markers		where in names every 256th begins
 *	token_table	256 strings, the tokens
 *	token_index	where each begins
 *	offsets		the addresses, encoded; with or without a base beside them
 *
 * token_table is found by the ten digits, which stand for themselves; the rest by what must lie
 * before it and agree with each other.  Where the offsets are and how they are encoded changed
 * between releases: the one that makes sense is taken.
 */
#include <gelf.h>
#include <string.h>

#include "base/error.h"
#include "kernel/kallsyms.h"

#define TOKENS		 256
#define TOKEN_LENGTH_MAX 512 /* KSYM_NAME_LEN: a token may be a whole name */
#define NAME_LENGTH_MAX	 512
#define MARKER_STEP	 256

struct image {
	const guint8 *data;
	gsize size;
	guint64 text; /* address of its first code */
	Elf *elf;
	gsize align; /* of the tables */
};

struct tokens {
	const char *text[TOKENS];
	guint16 length[TOKENS];
	gsize begin; /* of token_table in the file */
	gsize end;   /* of token_index */
};

struct names {
	guint32 count;
	gsize num_syms; /* where it is in the file */
	gsize begin;
	gsize end;
};

enum encoding {
	PER_CPU_ABSOLUTE, /* positive: the value itself; negative: base - 1 - offset */
	FROM_BASE,	  /* base + unsigned offset */
	FROM_PLACE,	  /* the entry's own address + offset */
};

/* Where the offsets are.  Debian: the first in 5.10 and 6.1, the third in 6.12, the last in 7.2. */
static const struct layout {
	gboolean after_tokens; /* else before num_syms, the base between them */
	enum encoding encoding;
} layouts[] = {
	{FALSE, PER_CPU_ABSOLUTE}, {FALSE, FROM_BASE}, {TRUE, PER_CPU_ABSOLUTE},
	{TRUE, FROM_BASE},	   {TRUE, FROM_PLACE},
};

static gsize align_up(const struct image *image, gsize value)
{
	return (value + image->align - 1) & ~(image->align - 1);
}

static gsize align_down(const struct image *image, gsize value)
{
	return value & ~(image->align - 1);
}

static guint32 read_u32(const struct image *image, gsize at)
{
	guint32 value;

	memcpy(&value, image->data + at, sizeof(value));
	return GUINT32_FROM_LE(value);
}

static guint64 read_u64(const struct image *image, gsize at)
{
	return read_u32(image, at) | (guint64)read_u32(image, at + 4) << 32;
}

/* Reads 256 strings from `begin`; false unless the index that must follow agrees with each. */
static gboolean read_tokens(const struct image *image, gsize begin, gsize zero,
			    struct tokens *tokens)
{
	const gsize index_size = TOKENS * sizeof(guint16);
	gsize at = begin;

	for (int i = 0; i < TOKENS; i++) {
		const guint8 *text = image->data + at;
		const guint8 *stop = memchr(text, 0, MIN(image->size - at, TOKEN_LENGTH_MAX));

		if (!stop || (i == '0' && at != zero))
			return FALSE;
		tokens->text[i] = (const char *)text;
		tokens->length[i] = (guint16)(stop - text);
		at += tokens->length[i] + 1;
	}

	gsize index = align_up(image, at);
	if (index > image->size || image->size - index < index_size)
		return FALSE;
	for (gsize i = 0; i < TOKENS; i++) {
		const guint8 *entry = image->data + index + i * sizeof(guint16);
		gsize offset = entry[0] | (gsize)entry[1] << 8;

		if (begin + offset != (gsize)((const guint8 *)tokens->text[i] - image->data))
			return FALSE;
	}
	tokens->begin = begin;
	tokens->end = index + index_size;
	return TRUE;
}

/*
 * The table's begin is not marked, only aligned: tries each place that leaves room for the tokens
 * before "0", nearest first.
 */
static gboolean find_begin(const struct image *image, gsize zero, struct tokens *tokens)
{
	const gsize before = '0', room_max = before * TOKEN_LENGTH_MAX;
	gsize first = zero > room_max ? align_up(image, zero - room_max) : 0;

	if (zero < before)
		return FALSE;
	for (gsize begin = align_down(image, zero - before); begin >= first;
	     begin -= image->align) {
		if (read_tokens(image, begin, zero, tokens))
			return TRUE;
		if (!begin)
			break;
	}
	return FALSE;
}

static gboolean find_tokens(const struct image *image, struct tokens *tokens)
{
	static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
	const guint8 *end = image->data + image->size;

	for (const guint8 *at = image->data;
	     at && (at = memmem(at, (gsize)(end - at), digits, sizeof(digits))); at++)
		if (find_begin(image, (gsize)(at - image->data), tokens))
			return TRUE;
	return FALSE;
}

/* The number of token codes of the name at *at, which is moved to the first; 0 if there is none. */
static guint name_codes(const struct image *image, gsize *at, gsize end)
{
	guint codes;

	if (*at >= end)
		return 0;
	codes = image->data[(*at)++];
	if (codes & 0x80) {
		if (*at >= end)
			return 0;
		codes = (codes & 0x7f) | (guint)image->data[(*at)++] << 7;
	}
	return codes <= end - *at ? codes : 0;
}

/* Whether `count` names fill the space up to the markers, and the markers agree. */
static gboolean names_agree(const struct image *image, struct names *names, gsize markers)
{
	gsize at = names->begin;

	for (gsize i = 0; i < names->count; i++) {
		if (i % MARKER_STEP == 0 &&
		    read_u32(image, markers + i / MARKER_STEP * 4) != at - names->begin)
			return FALSE;
		guint codes = name_codes(image, &at, markers);
		if (!codes)
			return FALSE;
		at += codes;
	}
	names->end = at;
	return align_up(image, at) == markers;
}

/* Whether num_syms is at a place.  Between the markers and token_table lie nothing, or (6.2 and
 * 6.3) the order of the names, in three or four bytes each. */
static gboolean names_begin_at(const struct image *image, gsize num_syms, gsize tokens,
			       struct names *names)
{
	static const guint order_sizes[] = {0, 4, 3};
	gsize room = tokens - num_syms;

	*names = (struct names){
		.count = read_u32(image, num_syms),
		.num_syms = num_syms,
		.begin = num_syms + image->align,
	};
	if (!names->count || names->count > room / 2 ||
	    (image->align > 4 && read_u32(image, num_syms + 4)))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(order_sizes); i++) {
		gsize markers_size = align_up(image, ((gsize)names->count + 255) / MARKER_STEP * 4);
		gsize behind = markers_size + align_up(image, (gsize)names->count * order_sizes[i]);

		if (behind < room - image->align && names_agree(image, names, tokens - behind))
			return TRUE;
	}
	return FALSE;
}

static gboolean find_names(const struct image *image, gsize tokens, struct names *names)
{
	for (gsize num_syms = align_down(image, tokens); num_syms >= image->align;) {
		num_syms -= image->align;
		if (tokens - num_syms > 16 && names_begin_at(image, num_syms, tokens, names))
			return TRUE;
	}
	return FALSE;
}

/* Spells a name out; false if it is not a type and a name that can be written as text. */
static gboolean spell_name(const struct image *image, const struct tokens *tokens, gsize at,
			   guint codes, GString *text)
{
	gsize begin = text->len;

	for (guint i = 0; i < codes; i++) {
		guint8 code = image->data[at + i];

		g_string_append_len(text, tokens->text[code], tokens->length[code]);
		if (text->len - begin > NAME_LENGTH_MAX)
			return FALSE;
	}
	for (gsize i = begin; i < text->len; i++)
		if (!g_ascii_isgraph(text->str[i]))
			return FALSE;
	if (text->len - begin < 2 || !g_ascii_isalpha(text->str[begin]))
		return FALSE;
	g_string_append_c(text, '\0');
	return TRUE;
}

/* Fills in types and names; returns the text that they lie in, or NULL. */
static char *spell_names(const struct image *image, const struct tokens *tokens,
			 const struct names *names, struct kallsym *symbols)
{
	const struct kallsym *end = symbols + names->count;
	GString *text = g_string_new(NULL);
	gsize at = names->begin;
	char *spelled;

	for (guint32 i = 0; i < names->count; i++) {
		guint codes = name_codes(image, &at, names->end);

		if (!spell_name(image, tokens, at, codes, text)) {
			g_string_free(text, TRUE);
			return NULL;
		}
		at += codes;
	}
	spelled = g_string_free(text, FALSE);
	for (char *name = spelled; symbols < end; symbols++, name += strlen(name) + 1) {
		symbols->type = *name++;
		symbols->name = name;
	}
	return spelled;
}

/* The address of a place in the file, or 0 if it is not loaded. */
static guint64 address_of(const struct image *image, gsize offset)
{
	GElf_Phdr segment;

	for (int i = 0; gelf_getphdr(image->elf, i, &segment); i++)
		if (segment.p_type == PT_LOAD && offset >= segment.p_offset &&
		    offset - segment.p_offset < segment.p_filesz)
			return segment.p_vaddr + (offset - segment.p_offset);
	return 0;
}

static guint64 lowest_code(Elf *elf)
{
	GElf_Phdr segment;
	guint64 lowest = G_MAXUINT64;

	for (int i = 0; gelf_getphdr(elf, i, &segment); i++)
		if (segment.p_type == PT_LOAD && segment.p_flags & PF_X)
			lowest = MIN(lowest, segment.p_vaddr);
	return lowest;
}

static guint64 decode_address(enum encoding encoding, guint32 value, guint64 base, guint64 place)
{
	gint32 offset = (gint32)value;

	switch (encoding) {
	case PER_CPU_ABSOLUTE:
		return offset >= 0 ? value : base - 1 - (guint64)(gint64)offset;
	case FROM_BASE:
		return base + value;
	case FROM_PLACE:
		return place + (guint64)(gint64)offset;
	}
	g_assert_not_reached();
}

/* Where a layout has the offsets and the base; false if that is outside of the file. */
static gboolean locate_offsets(const struct image *image, const struct layout *layout,
			       const struct tokens *tokens, const struct names *names,
			       gsize *offsets, gsize *base)
{
	gsize size = align_up(image, (gsize)names->count * 4);

	if (layout->after_tokens) {
		*offsets = tokens->end;
		*base = *offsets + size;
		return *base + 8 <= image->size;
	}
	if (names->num_syms < size + 8)
		return FALSE;
	*base = names->num_syms - 8;
	*offsets = *base - size;
	return TRUE;
}

/* Fills in the addresses; false if they are not in order, or _text is not where code begins. */
static gboolean decode_addresses(const struct image *image, const struct layout *layout,
				 const struct tokens *tokens, const struct names *names,
				 struct kallsym *symbols)
{
	gsize offsets, base_at;
	gboolean text = FALSE;

	if (!locate_offsets(image, layout, tokens, names, &offsets, &base_at))
		return FALSE;
	guint64 base = read_u64(image, base_at), place = address_of(image, offsets);

	for (guint32 i = 0; i < names->count; i++) {
		symbols[i].address =
			decode_address(layout->encoding, read_u32(image, offsets + 4 * (gsize)i),
				       base, place + 4 * (guint64)i);
		if (i && symbols[i].address < symbols[i - 1].address)
			return FALSE;
		text |= symbols[i].address == image->text && !strcmp(symbols[i].name, "_text");
	}
	return text;
}

static struct kallsyms *decode(const struct image *image)
{
	struct tokens tokens;
	struct names names;

	if (!find_tokens(image, &tokens) || !find_names(image, tokens.begin, &names))
		return NULL;

	g_autofree struct kallsym *symbols = g_new(struct kallsym, names.count);
	g_autofree char *text = spell_names(image, &tokens, &names, symbols);
	if (!text)
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(layouts); i++)
		if (decode_addresses(image, &layouts[i], &tokens, &names, symbols))
			return kallsyms_new(g_steal_pointer(&symbols), names.count,
					    g_steal_pointer(&text));
	return NULL;
}

struct kallsyms *kallsyms_decode(GBytes *vmlinux, const char *path, GError **error)
{
	static const gsize aligns[] = {8, 4};
	struct image image;
	struct kallsyms *kallsyms = NULL;

	image.data = g_bytes_get_data(vmlinux, &image.size);
	elf_version(EV_CURRENT);
	image.elf = elf_memory((char *)image.data, image.size);
	image.text = lowest_code(image.elf);
	for (gsize i = 0; i < G_N_ELEMENTS(aligns) && !kallsyms; i++) {
		image.align = aligns[i];
		kallsyms = decode(&image);
	}
	elf_end(image.elf);
	if (!kallsyms)
		klatch_fail(error, KLATCH_INPUT, "the kernel's symbols can't be read", path, NULL,
			    "it holds no kallsyms tables of a layout that is known here");
	return kallsyms;
}
