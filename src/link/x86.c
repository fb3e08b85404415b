/*
 * x86-64: instruction formats as in the Intel SDM, volume 2; relocations as in the psABI; entries
 * of special sections as in the kernel's asm/alternative.h and asm/jump_label.h.
 */
#include <string.h>

#include "link/x86.h"

#define CALL_OPCODE 0xe8
#define JUMP_OPCODE 0xe9
#define JUMP_SIZE   5

gboolean x86_is_branch(const struct section *section, const struct reloc *reloc)
{
	if (!section_is_text(section) ||
	    (reloc->type != R_X86_64_PC32 && reloc->type != R_X86_64_PLT32) || !reloc->offset)
		return FALSE;

	/* Before a displacement that is relative to rip stands a ModRM byte, 0x05 to 0x3d. */
	guint8 before = section->data[reloc->offset - 1];
	return before == CALL_OPCODE || before == JUMP_OPCODE ||
	       ((before & 0xf0) == 0x80 && reloc->offset > 1 &&
		section->data[reloc->offset - 2] == 0x0f);
}

gint64 x86_code_target(const struct section *section, const struct reloc *reloc)
{
	gint64 target = reloc->symbol->value + reloc->addend;

	/* In code the CPU counts from the end of the field; in tables the field is what counts. */
	if (reloc_is_relative(reloc->type) && section_is_text(section))
		target += reloc_size(reloc->type);
	return target;
}

struct x86_alternative x86_alternative(const guint8 *entry, guint entry_size)
{
	return (struct x86_alternative){
		.original_size = entry[entry_size - 2],
		.replacement_size = entry[entry_size - 1],
	};
}

static const guint8 endbr[] = {0xf3, 0x0f, 0x1e, 0xfa};

gboolean x86_is_endbr(const guint8 *code, guint64 size)
{
	return code && size >= sizeof(endbr) && !memcmp(code, endbr, sizeof(endbr));
}

void x86_append_endbr(struct section *section)
{
	section_append(section, endbr, sizeof(endbr), 1);
}

gboolean x86_is_jump_site(const struct section *section, guint64 offset)
{
	static const guint8 nop5[JUMP_SIZE] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
	const guint8 *code = section->data + offset;

	return offset + JUMP_SIZE <= section->size &&
	       (code[0] == JUMP_OPCODE || !memcmp(code, nop5, sizeof(nop5)));
}

static void put_displacement(struct section *section, guint64 field, guint64 target)
{
	gint32 displacement = GINT32_TO_LE((gint32)(target - (field + 4)));

	memcpy(section->data + field, &displacement, sizeof(displacement));
}

static void remove_reloc_at(struct section *section, guint64 offset)
{
	if (section_reloc_at(section, offset))
		g_array_remove_index(section->relocs, section_reloc_index(section, offset));
}

/* Leads the field of a branch to its target, by a relocation if that is in another section. */
static void put_branch(struct object *object, struct section *section, guint64 field,
		       struct section *target_section, guint64 target)
{
	if (target_section == section)
		put_displacement(section, field, target);
	else
		section_add_reloc(section, field, R_X86_64_PC32,
				  object_section_symbol(object, target_section), target - 4);
}

guint x86_write_jump_label(struct object *object, const struct x86_jump_label *label)
{
	/* The entry's key: bit 0 says that the branch is taken while the key is off. */
	gboolean inverted = label->key_addend & 1;
	const guint8 test[] = {
		0x83,	     0x3d,
		0,	     0,
		0,	     0,
		0, /* cmpl $0, key(%rip) */
		0x0f,	     inverted ? 0x84 : 0x85,
		0,	     0,
		0,	     0, /* je or jne target */
		JUMP_OPCODE, 0,
		0,	     0,
		0, /* jmp back */
	};
	struct section *section = label->section;
	guint64 start = section_append(section, test, sizeof(test), 1);

	section_add_reloc(section, start + 2, R_X86_64_PC32, label->key,
			  (label->key_addend & ~(gint64)3) - 5);
	put_branch(object, section, start + 9, label->target_section, label->target);
	put_displacement(section, start + 14, label->site + JUMP_SIZE);

	section->data[label->site] = JUMP_OPCODE;
	remove_reloc_at(section, label->site + 1);
	put_displacement(section, label->site + 1, start);
	return sizeof(test);
}

gboolean x86_load_instead(struct section *section, guint64 immediate, struct symbol *symbol,
			  gint64 addend)
{
	enum { REX_W = 0x48, REX_R = 4, REX_B = 1, MOV_IMMEDIATE = 0xb8, MOV_LOAD = 0x8b };
	guint8 *code = section->data + immediate - 2;

	if (immediate < 2 || immediate + sizeof(guint64) > section->size ||
	    (code[0] & ~REX_B) != REX_W || (code[1] & 0xf8) != MOV_IMMEDIATE)
		return FALSE;

	/* 7 bytes and a NOP of 3; ModRM: the register, and rip with a displacement */
	const guint8 load[] = {REX_W | (code[0] & REX_B ? REX_R : 0),
			       MOV_LOAD,
			       (guint8)((code[1] & 7) << 3 | 5),
			       0,
			       0,
			       0,
			       0,
			       0x0f,
			       0x1f,
			       0x00};
	memcpy(code, load, sizeof(load));
	section_add_reloc(section, immediate + 1, R_X86_64_PC32, symbol, addend - 4);
	return TRUE;
}

guint x86_append_jump(struct section *section, struct symbol *symbol, gint64 addend)
{
	static const guint8 jump[JUMP_SIZE] = {JUMP_OPCODE};
	guint64 start = section_append(section, jump, sizeof(jump), 1);

	section_add_reloc(section, start + 1, R_X86_64_PLT32, symbol, addend);
	return sizeof(jump);
}
