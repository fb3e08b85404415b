// SPDX-License-Identifier: GPL-2.0
/*
 * x86-64: the relocations that its module loader knows, and how its CPUs see new code.
 * Relocation types: AMD64 psABI, section "Relocation Types".
 */
#include "late.h"

#include <linux/elf.h>
#include <linux/smp.h>
#include <asm/sync_core.h>

size_t klatch_site_size(const struct klatch_site *site)
{
	return site->type == R_X86_64_64 || site->type == R_X86_64_PC64 ? 8 : 4;
}

/*
 * What to write for a symbol at an address: the low klatch_site_size() bytes of *value.  False if
 * it does not fit, or the type is none that can be written.
 */
bool klatch_site_value(const struct klatch_site *site, unsigned long address, u64 *value)
{
	u64 absolute = address + site->addend;
	s64 relative = absolute - (unsigned long)klatch_site_place(site);

	switch (site->type) {
	case R_X86_64_64:
		*value = absolute;
		return true;
	case R_X86_64_32:
		*value = absolute;
		return absolute == (u32)absolute;
	case R_X86_64_32S:
		*value = absolute;
		return (s64)absolute == (s32)absolute;
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		*value = relative;
		return relative == (s32)relative;
	case R_X86_64_PC64:
		*value = relative;
		return true;
	default:
		return false;
	}
}

static void sync_this_cpu(void *unused)
{
	sync_core();
}

/*
 * A CPU may have fetched the old bytes ahead, or run them before the module went.  Code written
 * by another CPU may be executed only after a serializing instruction (Intel SDM volume 3,
 * "Handling Self- and Cross-Modifying Code").
 */
void klatch_sync_text(void)
{
	on_each_cpu(sync_this_cpu, NULL, 1);
}
