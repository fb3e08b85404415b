/*
 * Instructions, decoded by Zydis in its minimal mode: lengths and displacements are all that is
 * asked for.
 */
#include <Zydis/Zydis.h>
#include <string.h>

#include "diff/insn.h"

#define OPCODE_LEA    0x8d
#define OPCODE_CALL   0xe8
#define OPCODE_GROUP5 0xff
#define MODRM_REG_JMP 4 /* of opcode ff: to where a register or memory says; 5 is its far form */
#define MODRM_REG_CMP 7 /* of opcodes 80 to 83: arithmetic with an immediate */
#define MODRM_REG_SUB 5 /* of the same */
#define MODRM_MOD_REG 3 /* r/m is a register, not memory */
#define MODRM_SIB     4 /* r/m of memory: as the byte behind says */
#define SIB_BASE_RSP  4
#define MODRM_NO_BASE 5 /* r/m of mod 0: no base register; in 64-bit mode RIP */

static gboolean decode(const struct insn_walk *walk, ZydisDecodedInstruction *decoded)
{
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
	return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
		&decoder, NULL, walk->section->data + walk->at, walk->end - walk->at, decoded));
}

static gboolean is_ip_relative(const ZydisDecodedInstruction *decoded)
{
	return (decoded->attributes & ZYDIS_ATTRIB_HAS_MODRM) && decoded->raw.modrm.mod == 0 &&
	       decoded->raw.modrm.rm == MODRM_NO_BASE;
}

static gboolean is_lea(const ZydisDecodedInstruction *decoded)
{
	return decoded->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && decoded->opcode == OPCODE_LEA;
}

static gboolean is_opcode(const ZydisDecodedInstruction *decoded, ZydisOpcodeMap map, guint8 first,
			  guint8 last)
{
	return decoded->opcode_map == map && decoded->opcode >= first && decoded->opcode <= last;
}

/* jcc, short and near; cmp and test in their forms. */
static gboolean is_inert(const ZydisDecodedInstruction *decoded)
{
	static const struct {
		ZydisOpcodeMap map;
		guint8 first, last;
	} forms[] = {
		{ZYDIS_OPCODE_MAP_DEFAULT, 0x70, 0x7f}, {ZYDIS_OPCODE_MAP_0F, 0x80, 0x8f},
		{ZYDIS_OPCODE_MAP_DEFAULT, 0x38, 0x3d}, {ZYDIS_OPCODE_MAP_DEFAULT, 0x84, 0x85},
		{ZYDIS_OPCODE_MAP_DEFAULT, 0xa8, 0xa9},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
		if (is_opcode(decoded, forms[i].map, forms[i].first, forms[i].last))
			return TRUE;
	return is_opcode(decoded, ZYDIS_OPCODE_MAP_DEFAULT, 0x80, 0x83) &&
	       decoded->raw.modrm.reg == MODRM_REG_CMP;
}

/* ret in its forms, near, far and from an interrupt; jmp by a register or memory. */
static gboolean is_return(const ZydisDecodedInstruction *decoded)
{
	static const guint8 forms[] = {0xc2, 0xc3, 0xca, 0xcb, 0xcf};

	if (decoded->opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
		return FALSE;
	if (decoded->opcode == OPCODE_GROUP5)
		return (decoded->raw.modrm.reg & ~1) == MODRM_REG_JMP;
	return memchr(forms, decoded->opcode, sizeof(forms)) != NULL;
}

static gboolean is_on_stack(const ZydisDecodedInstruction *decoded)
{
	return decoded->raw.modrm.rm == MODRM_SIB && decoded->raw.sib.base == SIB_BASE_RSP;
}

/* Forms with an immediate as wide as an address: cmp and sub of rax, group 1, mov to memory. */
static enum insn_address address_of(const ZydisDecodedInstruction *decoded)
{
	if (decoded->opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
		return INSN_PLAIN;
	switch (decoded->opcode) {
	case 0x3d:
		return INSN_COMPARED;
	case 0x2d:
		return INSN_SUBTRACTED;
	case 0x81:
		return decoded->raw.modrm.reg == MODRM_REG_CMP	 ? INSN_COMPARED
		       : decoded->raw.modrm.reg == MODRM_REG_SUB ? INSN_SUBTRACTED
								 : INSN_PLAIN;
	case 0xc7:
		return decoded->raw.modrm.mod != MODRM_MOD_REG && !is_on_stack(decoded)
			       ? INSN_STORED
			       : INSN_PLAIN;
	default:
		return INSN_PLAIN;
	}
}

gboolean insn_next(struct insn_walk *walk)
{
	struct insn *insn = &walk->insn;
	ZydisDecodedInstruction decoded;

	if (!walk->section->data)
		return FALSE;
	while (walk->at < walk->end && !decode(walk, &decoded))
		walk->at++;
	if (walk->at >= walk->end)
		return FALSE;

	*insn = (struct insn){.offset = walk->at, .end = walk->at + decoded.length};
	insn->inert = is_inert(&decoded);
	insn->returns = is_return(&decoded);
	if (decoded.raw.imm[0].is_relative) {
		insn->branch = TRUE;
		insn->call =
			is_opcode(&decoded, ZYDIS_OPCODE_MAP_DEFAULT, OPCODE_CALL, OPCODE_CALL);
		insn->field = insn->offset + decoded.raw.imm[0].offset;
		insn->field_size = decoded.raw.imm[0].size / 8;
		insn->target = insn->end + decoded.raw.imm[0].value.s;
	} else if (is_ip_relative(&decoded)) {
		insn->field = insn->offset + decoded.raw.disp.offset;
		insn->field_size = decoded.raw.disp.size / 8;
		insn->target = insn->end + decoded.raw.disp.value;
	}
	if (decoded.raw.disp.size && !is_lea(&decoded))
		insn->memory = insn->offset + decoded.raw.disp.offset;
	if (decoded.raw.imm[0].size && !decoded.raw.imm[0].is_relative) {
		insn->immediate = insn->offset + decoded.raw.imm[0].offset;
		insn->address = address_of(&decoded);
	}
	walk->at = insn->end;
	return TRUE;
}

/* int3, or nop in one of its lengths: any number of prefixes, then 90 or 0f 1f. */
static gboolean is_filler(const guint8 *code, const guint8 *end)
{
	while (code < end && (*code == 0x66 || *code == 0x2e))
		code++;
	if (code == end)
		return FALSE;
	return *code == 0xcc || *code == 0x90 ||
	       (code + 1 < end && code[0] == 0x0f && code[1] == 0x1f);
}

gboolean insn_is_padding(const struct section *section, guint64 start, guint64 end)
{
	struct insn_walk walk = {.section = section, .at = start, .end = end};
	guint64 reached = start;

	while (insn_next(&walk)) {
		if (walk.insn.offset != reached ||
		    !is_filler(section->data + walk.insn.offset, section->data + walk.insn.end))
			return FALSE;
		reached = walk.insn.end;
	}
	return reached == end;
}

static void note_uses(const struct section *section, const struct insn *insn, guint *index,
		      struct insn_use *uses)
{
	for (; *index < section->relocs->len; ++*index) {
		const struct reloc *reloc = section_reloc(section, *index);

		if (reloc->offset >= insn->end)
			return;
		/* One before the instruction lies in bytes that are none: data among code. */
		if (reloc_is_relative(reloc->type) && reloc->offset >= insn->offset)
			uses[*index].tail = insn->end - reloc->offset;
		uses[*index].branch = insn->branch && reloc->offset == insn->field;
		uses[*index].access = insn->memory && reloc->offset == insn->memory;
		if (insn->immediate && reloc->offset == insn->immediate)
			uses[*index].address = insn->address;
	}
}

struct insn_use *insn_uses(const struct section *section)
{
	struct insn_use *uses = g_new0(struct insn_use, section->relocs->len);
	struct insn_walk walk = {.section = section, .end = section->size};
	guint index = 0;

	if (!section_is_text(section))
		return uses;
	while (index < section->relocs->len && insn_next(&walk))
		note_uses(section, &walk.insn, &index, uses);
	return uses;
}
