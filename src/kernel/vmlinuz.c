/*
 * The image on disk, unpacked: finds the payload by the boot header, unpacks it, and cuts off what
 * follows the ELF (the table of relocations that the kernel applies to itself).
 */
#include <gelf.h>
#include <string.h>

#include "base/error.h"
#include "kernel/unpack.h"
#include "kernel/vmlinuz.h"

/* The boot header (Documentation/arch/x86/boot.rst), offsets from the start of the file. */
enum {
	SETUP_SECTORS = 0x1f1,
	MAGIC = 0x202,
	PROTOCOL = 0x206,
	PAYLOAD_OFFSET = 0x248,
	PAYLOAD_LENGTH = 0x24c,
	HEADER_END = 0x250,
	SECTOR = 512,
};

#define WHAT		      "the kernel image can't be read"
#define PROTOCOL_WITH_PAYLOAD 0x208
#define IMAGE_LIMIT	      (512u << 20)

struct span {
	const guint8 *data;
	gsize size;
};

static guint16 read_u16(const guint8 *at)
{
	return (guint16)(at[0] | at[1] << 8);
}

static guint32 read_u32(const guint8 *at)
{
	return read_u16(at) | (guint32)read_u16(at + 2) << 16;
}

static gboolean find_payload(struct span image, struct span *payload)
{
	if (image.size < HEADER_END || memcmp(image.data + MAGIC, "HdrS", 4) ||
	    read_u16(image.data + PROTOCOL) < PROTOCOL_WITH_PAYLOAD)
		return FALSE;

	guint64 sectors = image.data[SETUP_SECTORS] ? image.data[SETUP_SECTORS] : 4;
	guint64 offset = (sectors + 1) * SECTOR + read_u32(image.data + PAYLOAD_OFFSET);
	guint64 length = read_u32(image.data + PAYLOAD_LENGTH);

	if (length < 4 || offset > image.size || length > image.size - offset)
		return FALSE;
	*payload = (struct span){image.data + offset, length};
	return TRUE;
}

/*
 * The unpacked size is the last four bytes of the payload: gzip's own, or appended by the kernel's
 * build to the other formats, whose readers would take it for a damaged second stream.
 */
static GBytes *unpack_payload(struct span payload, const char *path, GError **error)
{
	gboolean gzip = payload.data[0] == 0x1f && payload.data[1] == 0x8b;
	gsize says = read_u32(payload.data + payload.size - 4);
	g_autoptr(GBytes) unpacked = unpack_stream(payload.data, payload.size - (gzip ? 0 : 4),
						   MIN(says, IMAGE_LIMIT), path, error);

	if (unpacked && g_bytes_get_size(unpacked) != says) {
		klatch_fail(error, KLATCH_INPUT, WHAT, path, NULL,
			    "its payload holds less than it says");
		return NULL;
	}
	return g_steal_pointer(&unpacked);
}

/* Extends *end to where a part of the file ends; false if it lies outside of the file. */
static gboolean cover(guint64 offset, guint64 size, guint64 limit, guint64 *end)
{
	if (offset > limit || size > limit - offset)
		return FALSE;
	*end = MAX(*end, offset + size);
	return TRUE;
}

static gboolean cover_segments(Elf *elf, guint64 limit, guint64 *end)
{
	GElf_Phdr segment;
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return FALSE;
	for (size_t i = 0; i < count; i++)
		if (!gelf_getphdr(elf, (int)i, &segment) ||
		    !cover(segment.p_offset, segment.p_filesz, limit, end))
			return FALSE;
	return TRUE;
}

static gboolean cover_sections(Elf *elf, guint64 limit, guint64 *end)
{
	GElf_Shdr header;
	size_t count;

	if (elf_getshdrnum(elf, &count))
		return FALSE;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getshdr(elf_getscn(elf, i), &header))
			return FALSE;
		if (header.sh_type != SHT_NOBITS &&
		    !cover(header.sh_offset, header.sh_size, limit, end))
			return FALSE;
	}
	return TRUE;
}

/* The size of the ELF at the start of some bytes, or 0 if it is not a whole x86-64 kernel. */
static guint64 elf_extent(Elf *elf, guint64 limit)
{
	GElf_Ehdr header;
	guint64 end = 0;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_X86_64 || header.e_type != ET_EXEC)
		return 0;
	if (!cover(header.e_phoff, (guint64)header.e_phnum * header.e_phentsize, limit, &end) ||
	    !cover(header.e_shoff, (guint64)header.e_shnum * header.e_shentsize, limit, &end) ||
	    !cover_segments(elf, limit, &end) || !cover_sections(elf, limit, &end))
		return 0;
	return end;
}

GBytes *vmlinuz_extract(GBytes *vmlinuz, const char *path, GError **error)
{
	struct span image, payload;

	image.data = g_bytes_get_data(vmlinuz, &image.size);
	if (!find_payload(image, &payload)) {
		klatch_fail(error, KLATCH_INPUT, WHAT, path, NULL,
			    "it is not a bzImage of boot protocol 2.08 or later");
		return NULL;
	}

	g_autoptr(GBytes) unpacked = unpack_payload(payload, path, error);
	if (!unpacked)
		return NULL;

	gsize limit;
	const void *data = g_bytes_get_data(unpacked, &limit);
	elf_version(EV_CURRENT);
	Elf *elf = elf_memory((char *)data, limit);
	guint64 size = elf_extent(elf, limit);
	elf_end(elf);
	if (!size) {
		klatch_fail(error, KLATCH_INPUT, WHAT, path, NULL,
			    "its payload is not a whole x86-64 ELF executable");
		return NULL;
	}
	return g_bytes_new_from_bytes(unpacked, 0, size);
}

/*
 * There are two: a fallback that init/version.c has for the first link, and the real one, which the
 * last link adds.  The fallback lacks the build number, so the longer one is it.  (The format of
 * /proc/version, "%s version %s ...", does not begin like this.)
 */
char *vmlinuz_banner(GBytes *vmlinux)
{
	static const char begin[] = "Linux version ";
	const gsize begin_length = strlen(begin);
	gsize size, length = 0;
	const char *data = g_bytes_get_data(vmlinux, &size);
	const char *end = data + size, *banner = NULL;

	for (const char *at = data; at && (at = memmem(at, (gsize)(end - at), begin, begin_length));
	     at += begin_length) {
		const char *stop = memchr(at, '\n', (gsize)(end - at));

		if (stop && (gsize)(stop - at) > length && g_ascii_isdigit(at[begin_length])) {
			length = (gsize)(stop - at);
			banner = at;
		}
	}
	return g_strndup(banner, length);
}
