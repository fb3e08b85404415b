/*
 * Late references as they are in the kernel's memory.
 *
 * /proc/kcore shows the kernel's memory as a core file: each range of addresses is at an offset of
 * it, and its program headers say where.  Where the sections of a module are is in sysfs; what lies
 * in a section is known from the module's file.
 */
#include "guest.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SITES_SHOWN 5
#define RANGES	    64

/* Section addresses, each read once in a check. */
struct section {
	const char *module, *name;
	uint64_t address;
	struct section *next;
};

struct memory {
	int kcore;
	Elf64_Phdr ranges[RANGES];
	unsigned int count;
	struct section *sections;
};

static bool memory_open(struct memory *memory, const char *path)
{
	Elf64_Ehdr header;
	ssize_t size;

	*memory = (struct memory){.kcore = open(path, O_RDONLY | O_CLOEXEC)};
	if (memory->kcore < 0 || pread(memory->kcore, &header, sizeof(header), 0) != sizeof(header))
		return false;
	memory->count = header.e_phnum < RANGES ? header.e_phnum : RANGES;
	size = (ssize_t)(memory->count * sizeof(*memory->ranges));
	return pread(memory->kcore, memory->ranges, (size_t)size, (off_t)header.e_phoff) == size;
}

static void memory_close(struct memory *memory)
{
	while (memory->sections) {
		struct section *section = memory->sections;

		memory->sections = section->next;
		free(section);
	}
	if (memory->kcore >= 0)
		close(memory->kcore);
}

static bool memory_read(const struct memory *memory, uint64_t address, void *bytes, size_t size)
{
	for (unsigned int i = 0; i < memory->count; i++) {
		const Elf64_Phdr *range = &memory->ranges[i];
		uint64_t offset = address - range->p_vaddr;

		if (range->p_type == PT_LOAD && offset < range->p_filesz &&
		    size <= range->p_filesz - offset)
			return pread(memory->kcore, bytes, size,
				     (off_t)(range->p_offset + offset)) == (ssize_t)size;
	}
	return false;
}

static uint64_t read_address(const char *module, const char *name)
{
	char path[300];
	uint64_t address;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/sections/%s", module, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%" SCNx64, &address) != 1)
		address = 0;
	fclose(file);
	return address;
}

/* Where a section of a module is; 0 if that can't be known. */
static uint64_t section_address(struct memory *memory, const char *module, const char *name)
{
	struct section *section = memory->sections;

	while (section && (strcmp(section->name, name) || strcmp(section->module, module)))
		section = section->next;
	if (section)
		return section->address;
	section = malloc(sizeof(*section));
	if (!section)
		abort();
	*section = (struct section){module, name, read_address(module, name), memory->sections};
	memory->sections = section;
	return section->address;
}

/* What a relocation of x86-64 writes, and how many bytes of it; 0 for an unknown type. */
static size_t relocation(unsigned int type, uint64_t target, uint64_t place, uint64_t *value)
{
	switch (type) {
	case R_X86_64_64:
		*value = target;
		return 8;
	case R_X86_64_32:
	case R_X86_64_32S:
		*value = target;
		return 4;
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		*value = target - place;
		return 4;
	case R_X86_64_PC64:
		*value = target - place;
		return 8;
	default:
		return 0;
	}
}

static bool site_is_right(struct guest *guest, struct memory *memory, const struct site *site)
{
	const char *livepatch = site->livepatch->name;
	uint64_t base = section_address(memory, livepatch, site->section);
	uint64_t symbol = section_address(memory, site->symbol_object, site->symbol_section);
	uint64_t place = base + site->offset, value = 0, found = 0;
	size_t size = relocation(site->type, symbol + site->symbol_offset + (uint64_t)site->addend,
				 place, &value);
	bool read = base && symbol && memory_read(memory, place, &found, size);

	if (read && size && !memcmp(&found, &value, size))
		return true;
	if (read && size)
		guest_note(guest,
			   "%s: late reference at %s+%#" PRIx64 " holds %#" PRIx64
			   ", not %#.*" PRIx64,
			   livepatch, site->section, site->offset, found, (int)size * 2,
			   size == 4 ? (uint32_t)value : value);
	else
		guest_note(guest, "%s: late reference at %s+%#" PRIx64 " can't be looked at",
			   livepatch, site->section, site->offset);
	return false;
}

enum outcome sites_check(struct guest *guest)
{
	const struct site *previous = NULL;
	struct memory memory;
	bool bound = false;
	int wrong = 0;

	if (!guest->sites)
		return PASSED;
	if (!memory_open(&memory, "/proc/kcore")) {
		guest_note(guest, "/proc/kcore can't be read: %m");
		wrong++;
	}
	for (const struct site *site = guest->sites; site && wrong < SITES_SHOWN;
	     site = site->next) {
		/* Those of one livepatch and object follow each other.  The third module that
		 * one leads to is there as long as the object is. */
		if (!previous || previous->livepatch != site->livepatch ||
		    strcmp(previous->object, site->object))
			bound = livepatch_applies(site->livepatch, site->object);
		previous = site;
		if (bound && !site_is_right(guest, &memory, site))
			wrong++;
	}
	memory_close(&memory);
	return wrong ? FAILED : PASSED;
}
