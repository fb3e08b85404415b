/*
 * On a kernel with IBT a call through an address faults unless it meets an ENDBR, and the kernel
 * has taken that off functions whose address nobody took when it was built.  So no livepatch may
 * take the address of one.
 */
#include <string.h>

#include "check/inside.h"
#include "kernel/special.h"
#include "link/entry.h"
#include "link/x86.h"

/*
 * Whether what is written is the address of the very beginning of a symbol: not that of a call, nor
 * of a special section, where addresses are not called.  Replacement code is in sections of its
 * functions; what is in .text is late/, which only looks at addresses.
 */
static gboolean takes_address(const struct check *check, const struct write *write)
{
	const struct reloc reloc = {
		.offset = write->offset,
		.type = write->type,
		.symbol = (struct symbol *)write->symbol,
		.addend = write->addend,
	};
	const struct special *special = special_find(write->section->name, check->kernel->series);

	return strcmp(write->section->name, ".text") != 0 &&
	       (!special || special->policy == SPECIAL_CODE) &&
	       !x86_is_branch(write->section, &reloc) && !x86_code_target(write->section, &reloc);
}

static void check_entry(struct check *check, const struct write *write)
{
	g_autofree char *object = NULL, *name = NULL;
	guint64 sympos;
	gsize count;

	if (!klp_symbol_parse(write->symbol->name, &object, &name, &sympos))
		return;
	/* The kernel side (late/identity.c) tells ftrace of it, and never calls it. */
	if (!strcmp(object, "vmlinux") && !strcmp(name, "klp_module_coming"))
		return;

	const struct image *image = check_image(check, object);
	const guint64 *addresses = image ? image_addresses(image, name, &count) : NULL;
	for (gsize i = 0; addresses && i < count; i++) {
		guint coming, live;

		if (image_sympos(image, name, addresses[i], &coming, &live) &&
		    sympos_is(sympos, live) && entry_has_endbr(image, addresses[i]) &&
		    !entry_is_open(image, addresses[i]))
			check_refuse_at(check, write->section, write->offset, "%s of %s is sealed",
					name, object);
	}
}

void check_called_addresses(struct check *check)
{
	for (guint i = 0; i < check->writes->len; i++) {
		const struct write *write = &g_array_index(check->writes, struct write, i);

		if (symbol_is_klp(write->symbol) && takes_address(check, write))
			check_entry(check, write);
	}
}
