/*
 * Damages livepatches.
 *
 *	damage text FROM TO FILE OUTPUT
 *	damage fuzz KERNEL SEED COUNT DIRECTORY FILE...
 *	damage parts KERNEL SEED COUNT DIRECTORY FILE...
 *
 * text puts another text of the same length, and makes the sum right.
 *
 * fuzz changes the files by chance, COUNT times, and has klatch check say of each what it is.  What
 *is judged sound is left in the directory, as NUMBER.ko.  parts does the same with the sum made
 *right afterwards, as chance never does, so that the parts are looked at.
 *
 * A crash or a hang ends the program; the file that it was at is then `now.ko`.
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "check/check.h"
#include "elf/seal.h"
#include "sign/sign.h"

#define SECONDS_OF_A_CHECK 60

static void need(gboolean good, const GError *error)
{
	if (good)
		return;
	fprintf(stderr, "damage: %s\n", error ? error->message : "it can't be done");
	exit(2);
}

/* --- changes --------------------------------------------------------------------------------- */

struct victim {
	GByteArray *file;
	GRand *chance;
};

static guint32 below(const struct victim *victim, gsize limit)
{
	return limit ? (guint32)(g_rand_int(victim->chance) % limit) : 0;
}

static guint8 *at(const struct victim *victim, guint64 offset, gsize size)
{
	return offset <= victim->file->len && size <= victim->file->len - offset
		       ? victim->file->data + offset
		       : NULL;
}

/* A number that is likelier to do harm than any. */
static guint64 harmful(const struct victim *victim, guint64 old)
{
	const guint64 some[] = {0,
				1,
				old + 1,
				old - 1,
				old * 2,
				old ^ (1u << below(victim, 31)),
				below(victim, 256),
				below(victim, victim->file->len),
				0x7fffffff,
				0xffffffff,
				G_MAXUINT64,
				(guint64)1 << below(victim, 64)};

	return some[below(victim, G_N_ELEMENTS(some))];
}

static void change_number(const struct victim *victim, guint64 offset, gsize size)
{
	guint8 *place = at(victim, offset, size);
	guint64 value = 0;

	if (!place)
		return;
	memcpy(&value, place, size);
	value = harmful(victim, value);
	memcpy(place, &value, size);
}

static void flip_bits(const struct victim *victim)
{
	for (guint i = below(victim, 8) + 1; i && victim->file->len; i--)
		victim->file->data[below(victim, victim->file->len)] ^= 1u << below(victim, 8);
}

static void overwrite(const struct victim *victim)
{
	guint8 value = (guint8)below(victim, 3) * 0x7f;
	guint size = below(victim, 64) + 1;
	guint8 *place = at(victim, below(victim, victim->file->len), size);

	for (guint i = 0; place && i < size; i++)
		place[i] = value ? (guint8)(value + below(victim, 2) * i) : 0;
}

static void cut(const struct victim *victim)
{
	g_byte_array_set_size(victim->file, below(victim, victim->file->len));
}

static void lengthen(const struct victim *victim)
{
	guint8 bytes[64];
	guint size = below(victim, sizeof(bytes)) + 1;

	memset(bytes, (int)below(victim, 256), size);
	g_byte_array_append(victim->file, bytes, size);
}

static void change_header(const struct victim *victim)
{
	static const guint8 sizes[] = {2, 2, 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2};
	guint field = below(victim, G_N_ELEMENTS(sizes));
	guint64 offset = EI_NIDENT;

	for (guint i = 0; i < field; i++)
		offset += sizes[i];
	change_number(victim, offset, sizes[field]);
}

static Elf64_Ehdr file_header(const struct victim *victim)
{
	const guint8 *place = at(victim, 0, sizeof(Elf64_Ehdr));
	Elf64_Ehdr header = {0};

	if (place)
		memcpy(&header, place, sizeof(header));
	return header;
}

static guint64 header_offset(const struct victim *victim, guint index)
{
	return file_header(victim).e_shoff + index * sizeof(Elf64_Shdr);
}

/* Of zeros if it is not in the file. */
static Elf64_Shdr section_header(const struct victim *victim, guint index)
{
	const guint8 *place = at(victim, header_offset(victim, index), sizeof(Elf64_Shdr));
	Elf64_Shdr header = {0};

	if (place)
		memcpy(&header, place, sizeof(header));
	return header;
}

static guint section_count(const struct victim *victim)
{
	return file_header(victim).e_shnum;
}

static void change_section_header(const struct victim *victim)
{
	static const guint8 sizes[] = {4, 4, 8, 8, 8, 8, 4, 4, 8, 8};
	guint field = below(victim, G_N_ELEMENTS(sizes));
	guint64 offset = header_offset(victim, below(victim, section_count(victim)));

	for (guint i = 0; i < field; i++)
		offset += sizes[i];
	change_number(victim, offset, sizes[field]);
}

/* A number in a table: fields are those of an entry, by size. */
static void change_table(const struct victim *victim, guint32 type, gsize entry,
			 const guint8 *fields, guint count)
{
	guint start = below(victim, section_count(victim)), field = below(victim, count);

	for (guint i = 0; i < section_count(victim); i++) {
		const Elf64_Shdr header =
			section_header(victim, (start + i) % section_count(victim));
		guint64 offset;

		if (header.sh_type != type || header.sh_size < entry)
			continue;
		offset = header.sh_offset + below(victim, header.sh_size / entry) * entry;
		for (guint k = 0; k < field; k++)
			offset += fields[k];
		change_number(victim, offset, fields[field]);
		return;
	}
}

static void change_symbol(const struct victim *victim)
{
	static const guint8 fields[] = {4, 1, 1, 2, 8, 8};

	change_table(victim, SHT_SYMTAB, sizeof(Elf64_Sym), fields, G_N_ELEMENTS(fields));
}

static void change_relocation(const struct victim *victim)
{
	static const guint8 fields[] = {8, 4, 4, 8};

	change_table(victim, SHT_RELA, sizeof(Elf64_Rela), fields, G_N_ELEMENTS(fields));
}

static void change_string(const struct victim *victim)
{
	static const guint8 fields[] = {1};

	change_table(victim, SHT_STRTAB, 1, fields, 1);
}

static void change_note(const struct victim *victim)
{
	static const guint8 fields[] = {4};

	change_table(victim, SHT_NOTE, 4, fields, 1);
}

static void change_number_anywhere(const struct victim *victim)
{
	change_number(victim, below(victim, victim->file->len / 4) * 4, 4);
}

/* Where a signature is, if there is one. */
static void change_end(const struct victim *victim)
{
	gsize tail = MIN(victim->file->len, 600);

	if (tail)
		victim->file->data[victim->file->len - 1 - below(victim, tail)] ^=
			1u << below(victim, 8);
}

static void (*const changes[])(const struct victim *victim) = {
	flip_bits,
	overwrite,
	cut,
	lengthen,
	change_header,
	change_string,
	change_symbol,
	change_symbol,
	change_note,
	change_relocation,
	change_end,
	change_number_anywhere,
	change_relocation,
	change_section_header,
	change_section_header,
};

/* --- checks ---------------------------------------------------------------------------------- */

struct fuzz {
	const struct kernel *kernel;
	const char *directory;
	gboolean is_sealed; /* the sum is made right */
	guint changed, sound;
};

static gboolean is_sound(const struct fuzz *fuzz, const GByteArray *file)
{
	g_autofree char *path = g_build_filename(fuzz->directory, "now.ko", NULL);
	g_autoptr(GError) error = NULL;

	g_unlink(path); /* what is overwritten is not made shorter */
	need(g_file_set_contents_full(path, (const char *)file->data, file->len,
				      G_FILE_SET_CONTENTS_NONE, 0644, &error),
	     error);
	alarm(SECONDS_OF_A_CHECK);
	g_autoptr(GPtrArray) refusals = check_livepatch(fuzz->kernel, path, &error);
	alarm(0);
	return refusals && !refusals->len;
}

static void keep(const struct fuzz *fuzz, const GByteArray *file, guint number)
{
	g_autofree char *name = g_strdup_printf("%u.ko", number);
	g_autofree char *path = g_build_filename(fuzz->directory, name, NULL);
	g_autoptr(GError) error = NULL;

	need(files_write(path, file->data, file->len, &error), error);
}

static void try_one(struct fuzz *fuzz, GBytes *from, guint seed, guint number)
{
	g_autoptr(GRand) chance = g_rand_new_with_seed(seed * 1000003 + number);
	g_autoptr(GByteArray) file = g_byte_array_new();
	const struct victim victim = {file, chance};
	gsize size;
	const void *data = g_bytes_get_data(from, &size);

	g_byte_array_append(file, data, (guint)size);
	for (guint i = below(&victim, 3) + 1; i; i--)
		changes[below(&victim, G_N_ELEMENTS(changes))](&victim);
	if (file->len == size && !memcmp(file->data, data, size))
		return;
	if (fuzz->is_sealed)
		seal_renew(file->data, sign_content_size(file->data, file->len, NULL));
	fuzz->changed++;
	if (!is_sound(fuzz, file))
		return;
	fuzz->sound++;
	keep(fuzz, file, number);
}

static int fuzz_all(gboolean is_sealed, int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	AUTO(kernel) kernel = kernel_open(argv[0], &error);
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	struct fuzz fuzz = {.kernel = kernel, .directory = argv[3], .is_sealed = is_sealed};
	guint seed = (guint)atoi(argv[1]), count = (guint)atoi(argv[2]);

	need(kernel && files_make_directory(argv[3], &error), error);
	for (int i = 4; i < argc; i++) {
		GBytes *bytes = files_map(argv[i], &error);

		need(bytes != NULL, error);
		g_ptr_array_add(files, bytes);
	}
	for (guint i = 0; i < count; i++)
		try_one(&fuzz, files->pdata[i % files->len], seed, i);
	g_autofree char *last = g_build_filename(fuzz.directory, "now.ko", NULL);
	g_unlink(last);
	printf("%u changed livepatches%s: %u judged sound\n", fuzz.changed,
	       is_sealed ? ", their sums made right" : "", fuzz.sound);
	return 0;
}

static int change_text(char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *data = NULL;
	gsize size = 0, length = strlen(argv[0]);

	need(length == strlen(argv[1]) && g_file_get_contents(argv[2], &data, &size, &error),
	     error);
	char *found = memmem(data, size, argv[0], length);
	need(found != NULL, NULL);
	memcpy(found, argv[1], length);
	seal_renew(data, sign_content_size(data, size, NULL));
	need(files_write(argv[3], data, size, &error), error);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "text"))
		return change_text(argv + 2);
	if (argc >= 7 && (!strcmp(argv[1], "fuzz") || !strcmp(argv[1], "parts")))
		return fuzz_all(!strcmp(argv[1], "parts"), argc - 2, argv + 2);
	fputs("usage: damage text FROM TO FILE OUTPUT\n"
	      "       damage fuzz|parts KERNEL SEED COUNT DIRECTORY FILE...\n",
	      stderr);
	return 2;
}
