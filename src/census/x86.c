/*
 * A field relative to the instruction's end is 4 bytes before that, or more if an immediate
 * follows. One follows only a memory operand, whose ModRM byte (mod 00, r/m 101) is just before the
 * field; the opcode before that says how long it is.
 */
#include "census/x86.h"

#define MODRM_MASK     0xc7
#define MODRM_RELATIVE 0x05
#define PREFIX_16_BIT  0x66
#define REX	       0x40
#define TWO_BYTES      0x0f

guint x86_replacement_length(const guint8 *entry, guint entry_size)
{
	return entry[entry_size - 1];
}

/* Before the opcode there may be a REX prefix, and before that one for 16 bits. */
static gboolean is_16_bit(const guint8 *code, guint64 opcode_at)
{
	if (opcode_at && (code[opcode_at - 1] & 0xf0) == REX)
		opcode_at--;
	return opcode_at && code[opcode_at - 1] == PREFIX_16_BIT;
}

/* Of two-byte opcodes (0f ..) only those that could be taken for others are told apart: c0 and c1
 * are xadd there, ba is a bit test.  (0f c7 is no move by its ModRM byte.) */
static guint immediate_size(const guint8 *code, guint64 opcode_at, guint8 modrm)
{
	gboolean two_bytes = opcode_at && code[opcode_at - 1] == TWO_BYTES;
	gboolean first = !(modrm >> 3 & 7); /* the first operation of a group */
	guint wide = is_16_bit(code, opcode_at) ? 2 : 4;

	switch (code[opcode_at]) {
	case 0x80:
	case 0x83:
	case 0x6b:
		return 1;
	case 0x81:
	case 0x69:
		return wide;
	case 0xc0:
	case 0xc1:
		return two_bytes ? 0 : 1;
	case 0xba:
		return two_bytes ? 1 : 0;
	case 0xc6:
	case 0xf6:
		return first ? 1 : 0;
	case 0xc7:
	case 0xf7:
		return first ? wide : 0;
	default:
		return 0;
	}
}

guint x86_bytes_behind(const guint8 *code, guint64 offset)
{
	if (offset < 2 || (code[offset - 1] & MODRM_MASK) != MODRM_RELATIVE)
		return 0;
	return immediate_size(code, offset - 2, code[offset - 1]);
}
