/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86 instructions as bytes: length, prefixes, operands, addresses, and the
 * arithmetic of those that read and write one memory operand.  Pure functions
 * of their arguments; the caller fetched the bytes from the guest once and
 * does all memory access itself.  AVX and later encodings are refused.
 */
#ifndef LIB_INSN_H
#define LIB_INSN_H

#include <abi/x86/pv.h>
#include <lib/types.h>

#define INSN_MAX 15 /* bytes of the longest instruction */

enum insn_map { INSN_ONE, INSN_0F, INSN_0F38, INSN_0F3A };

/* Numbers as the hardware encodes segment registers. */
enum insn_seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

#define INSN_NO_REG 0xff

struct insn {
	uint8_t len; /* bytes in all */
	uint8_t map; /* enum insn_map */
	uint8_t opcode;
	uint8_t rep; /* 0, 0xf2 or 0xf3 */
	bool lock;
	bool mode64;
	bool rex_w;
	bool rex; /* any REX prefix: SPL.. instead of AH.. */
	uint8_t opsize; /* bytes of the operand: 1, 2, 4 or 8 */
	uint8_t addrsize; /* 4 or 8 */
	uint8_t seg; /* enum insn_seg: of the memory operand */

	bool has_modrm;
	uint8_t reg; /* modrm.reg with REX.R: 0..15 */
	uint8_t rm; /* modrm.rm with REX.B, if it is a register */
	bool mem; /* the r/m operand (or the moffs) is in memory */
	uint8_t base, index; /* registers, or INSN_NO_REG */
	uint8_t scale; /* 0..3 */
	bool rip_relative;
	int64_t disp;

	uint8_t imm_len; /* 0: none */
	uint64_t imm; /* sign-extended to 64 bits */
};

/*
 * Decode the instruction at @bytes, of which @len are there. @mode64 says how
 * the code segment runs (else 32 bits). 0; -EFAULT: more bytes are needed;
 * -EINVAL: no valid encoding; -EOPNOTSUPP: one that this file does not know.
 */
int must_check insn_decode(const uint8_t *bytes, size_t len, bool mode64,
			   struct insn *out);

/* The opcode within its map, for comparisons: INSN_OP(INSN_0F, 0xb1). */
#define INSN_OP(map, opcode) ((unsigned int)(map) << 8 | (opcode))
static inline unsigned int insn_op(const struct insn *i)
{
	return INSN_OP(i->map, i->opcode);
}

/* modrm.reg without REX.R: which one of a group of instructions. */
static inline unsigned int insn_group(const struct insn *i)
{
	return i->reg & 7;
}

/* General register @n (0..15, as encoded). */
uint64_t *insn_reg(struct cpu_user_regs *regs, unsigned int n);

/* @n's low @size bytes; AH..BH where @i's prefixes say so. */
uint64_t insn_get_reg(const struct insn *i, const struct cpu_user_regs *regs,
		      unsigned int n, unsigned int size);
void insn_set_reg(const struct insn *i, struct cpu_user_regs *regs,
		  unsigned int n, unsigned int size, uint64_t val);

/*
 * The linear address of the memory operand, from the registers as they are
 * before the instruction. @fs_base and @gs_base are those in force. For bit
 * tests with a register operand it includes the bit's word.
 */
gva_t insn_address(const struct insn *i, const struct cpu_user_regs *regs,
		   uint64_t fs_base, uint64_t gs_base);

/* What an instruction does beside advancing RIP; insn_apply() fills it. */
struct insn_effect {
	bool writes_mem;
	uint64_t mem; /* the new contents of the memory operand */
	uint8_t reg; /* a register that changes, or INSN_NO_REG */
	uint64_t reg_val;
	uint64_t flags; /* RFLAGS afterwards */
};

/*
 * Instructions that write one memory operand of opsize bytes, whose contents
 * before are @old: MOV, XCHG, XADD, CMPXCHG, MOVNTI, ADD .. XOR, INC, DEC,
 * NOT, NEG, BTS, BTR, BTC, STOS. Changes nothing itself, so that the caller
 * may still fail, or repeat with a newer @old.
 * -EOPNOTSUPP: another instruction, or the operand is no memory.
 */
int must_check insn_apply(const struct insn *i,
			  const struct cpu_user_regs *regs, uint64_t old,
			  struct insn_effect *out);

/* True if insn_apply() needs the old contents (all but plain stores). */
bool insn_reads_mem(const struct insn *i);

/*
 * Commit the effect to the registers: flags, register, RDI of STOS, RIP (not
 * moved while a REP count is left; RCX is counted down).
 */
void insn_retire(const struct insn *i, struct cpu_user_regs *regs,
		 const struct insn_effect *e);

#endif
