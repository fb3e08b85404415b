// SPDX-License-Identifier: GPL-2.0
/*
 * Late references: places in replacement code that refer to symbols of a module.
 *
 * The kernel looks the symbols up each time the module comes, and complains if one is missing; it
 * writes nothing, because the relocations that name them are of type R_X86_64_NONE.  The places
 * are written here, over whatever the last binding left.  Nothing is ever cleared: so there is no
 * state that a refused load or an unload could leave wrong, whatever the kernel's version.
 *
 * Why writing is safe: pre_patch runs before ftrace sends anyone to the replacement code.  If the
 * module was there before, no task has been left in that code: it was called only from the module's
 * own functions, which nothing runs any more once the module's exit has returned, and
 * klp_unpatch_object() has waited for those who were in the ftrace handler.  So the code is written
 * only while nobody can run it, and never while the module is there.
 */
#include "late.h"

#include <linux/elf.h>
#include <linux/string.h>

/*
 * klp_resolve_symbols() stores what it found in st_value of the livepatch's own symbol table, in
 * the copy that stays for as long as the module.  It does so under klp_mutex, which our caller
 * holds, for all symbols of an object before pre_patch of that object.
 */
static const Elf_Sym *site_symbol(const struct klatch_site *site)
{
	const struct klp_modinfo *info = THIS_MODULE->klp_info;
	const Elf_Sym *symbols = (void *)info->sechdrs[info->symndx].sh_addr;

	return &symbols[site->symbol];
}

static int bind_site(const struct klatch_site *site, struct klatch_writer *writer)
{
	u64 address = site_symbol(site)->st_value;
	u64 value;

	/* The kernel takes no symbol at address 0 for found: nobody looked this one up. */
	if (!address)
		return -ENOENT;
	if (!klatch_site_value(site, address, &value))
		return -ENOEXEC;
	return klatch_write(writer, klatch_site_place(site), &value, klatch_site_size(site));
}

/*
 * Writes every late reference of an object whose symbols the kernel has just resolved.  What was
 * written before an error stays: it is unreachable, and the next binding writes over it.
 */
int klatch_bind(const struct klatch_object *object)
{
	const char *names = THIS_MODULE->core_kallsyms.strtab;
	struct klatch_writer writer = {};
	int ret = 0;
	u32 i;

	for (i = 0; i < object->nr_sites && !ret; i++) {
		const struct klatch_site *site = &object->sites[i];

		ret = bind_site(site, &writer);
		if (ret)
			pr_err("late reference at %pS to %s (%#llx) can't be written: type %u, "
			       "error %d\n",
			       klatch_site_place(site), names + site_symbol(site)->st_name,
			       (u64)site_symbol(site)->st_value, site->type, ret);
	}
	klatch_write_end(&writer);
	return ret;
}

/*
 * Policy clear: makes every late reference of a module that goes what the kernel wants to find when
 * the module comes again.  Nobody runs the code any more (see above), so the CPUs need no telling.
 */
void klatch_clear(const struct klatch_object *object)
{
	static const u64 zero;
	struct klatch_writer writer = {};
	u32 i;

	for (i = 0; i < object->nr_sites; i++) {
		const struct klatch_site *site = &object->sites[i];

		if (klatch_write(&writer, klatch_site_place(site), &zero, klatch_site_size(site)))
			break;
	}
	klatch_write_end(&writer);
}

/*
 * Before anything was bound every place must be as the builder left it: zero.  If it is not, then
 * the kernel has patched it while it loaded this module (an alternative, a call thunk) and would
 * have used a meaningless target, and binding would undo what it did.  Refuse the livepatch, while
 * no module depends on it.
 */
int klatch_check_pristine(const struct klatch_object *object)
{
	u32 i;

	for (i = 0; i < object->nr_sites; i++) {
		const struct klatch_site *site = &object->sites[i];

		if (memchr_inv(klatch_site_place(site), 0, klatch_site_size(site))) {
			pr_err("late reference at %pS was written by the kernel before it was "
			       "bound\n",
			       klatch_site_place(site));
			return -ENOEXEC;
		}
	}
	return 0;
}
