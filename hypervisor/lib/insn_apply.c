/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic of instructions that write a memory operand: from the old
 * contents and the registers to the new contents and flags.  Pure functions;
 * nothing is changed before insn_retire().  No state.
 */
#include <lib/insn.h>

#define FLAG_CF 0x001UL
#define FLAG_PF 0x004UL
#define FLAG_AF 0x010UL
#define FLAG_ZF 0x040UL
#define FLAG_SF 0x080UL
#define FLAG_DF 0x400UL
#define FLAG_OF 0x800UL
#define FLAGS_ARITH (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)
#define FLAG_RF 0x10000UL

/* In the order of the opcode rows and of the 80h group. */
enum alu { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR,
	   ALU_CMP };

struct operands {
	uint64_t a, b; /* the memory operand and the other one */
	unsigned int size;
	uint64_t flags; /* before, then after */
};

static uint64_t mask_of(unsigned int size)
{
	return size >= 8 ? ~0UL : BIT(8 * size) - 1;
}

static uint64_t sign_of(uint64_t v, unsigned int size)
{
	return v >> (8 * size - 1) & 1;
}

/* PF, ZF and SF of a result, which every operation sets alike. */
static uint64_t result_flags(uint64_t res, unsigned int size)
{
	uint64_t f = 0;

	if (res == 0)
		f |= FLAG_ZF;
	if (sign_of(res, size))
		f |= FLAG_SF;
	if (!__builtin_parity((uint8_t)res))
		f |= FLAG_PF;
	return f;
}

static void put_flags(struct operands *o, uint64_t f)
{
	o->flags = (o->flags & ~FLAGS_ARITH) | f;
}

static uint64_t do_add(struct operands *o, uint64_t carry)
{
	uint64_t m = mask_of(o->size);
	uint64_t res = (o->a + o->b + carry) & m;
	uint64_t out = (o->a & o->b) | ((o->a | o->b) & ~res);
	uint64_t f = result_flags(res, o->size);

	if (sign_of(out, o->size))
		f |= FLAG_CF;
	if (out & 8)
		f |= FLAG_AF;
	if (sign_of((o->a ^ res) & (o->b ^ res), o->size))
		f |= FLAG_OF;
	put_flags(o, f);
	return res;
}

static uint64_t do_sub(struct operands *o, uint64_t borrow)
{
	uint64_t m = mask_of(o->size);
	uint64_t res = (o->a - o->b - borrow) & m;
	uint64_t out = (~o->a & o->b) | ((~o->a | o->b) & res);
	uint64_t f = result_flags(res, o->size);

	if (sign_of(out, o->size))
		f |= FLAG_CF;
	if (out & 8)
		f |= FLAG_AF;
	if (sign_of((o->a ^ o->b) & (o->a ^ res), o->size))
		f |= FLAG_OF;
	put_flags(o, f);
	return res;
}

static uint64_t do_logic(struct operands *o, uint64_t res)
{
	put_flags(o, result_flags(res, o->size));
	return res;
}

static uint64_t do_alu(struct operands *o, enum alu op)
{
	uint64_t carry = o->flags & FLAG_CF;

	switch (op) {
	case ALU_ADD:
		return do_add(o, 0);
	case ALU_OR:
		return do_logic(o, o->a | o->b);
	case ALU_ADC:
		return do_add(o, carry);
	case ALU_SBB:
		return do_sub(o, carry);
	case ALU_AND:
		return do_logic(o, o->a & o->b);
	case ALU_XOR:
		return do_logic(o, o->a ^ o->b);
	default:
		return do_sub(o, 0);
	}
}

/* INC and DEC leave the carry alone. */
static uint64_t do_step(struct operands *o, bool down)
{
	uint64_t carry = o->flags & FLAG_CF, res;

	o->b = 1;
	res = down ? do_sub(o, 0) : do_add(o, 0);
	o->flags = (o->flags & ~FLAG_CF) | carry;
	return res;
}

static int apply_alu(const struct insn *i, enum alu op, uint64_t other,
		     struct operands *o, struct insn_effect *e)
{
	o->b = other & mask_of(i->opsize);
	e->mem = do_alu(o, op);
	e->writes_mem = op != ALU_CMP;
	return 0;
}

static int apply_xadd(const struct insn *i, struct operands *o,
		      struct insn_effect *e)
{
	e->reg = i->reg;
	e->reg_val = o->a;
	e->mem = do_add(o, 0);
	return 0;
}

/* A failing CMPXCHG writes the old contents back, as hardware does. */
static int apply_cmpxchg(const struct insn *i,
			 const struct cpu_user_regs *regs,
			 struct operands *o, struct insn_effect *e)
{
	uint64_t old = o->a;

	e->mem = o->b;
	o->a = insn_get_reg(i, regs, 0, i->opsize);
	o->b = old;
	(void)do_sub(o, 0);
	if (!(o->flags & FLAG_ZF)) {
		e->mem = old;
		e->reg = 0;
		e->reg_val = old;
	}
	return 0;
}

/* @how: 1 BTS, 2 BTR, 3 BTC; BT itself reads only. */
static int apply_bit(unsigned int how, uint64_t bit, struct operands *o,
		     struct insn_effect *e)
{
	uint64_t m = BIT(bit & (8 * o->size - 1));

	o->flags = (o->flags & ~FLAG_CF) | (o->a & m ? FLAG_CF : 0);
	if (how == 0)
		e->writes_mem = false;
	e->mem = how == 1 ? o->a | m : how == 2 ? o->a & ~m : o->a ^ m;
	return 0;
}

static int apply_f6(const struct insn *i, struct operands *o,
		    struct insn_effect *e)
{
	uint64_t old = o->a;

	switch (insn_group(i)) {
	case 2: /* NOT */
		e->mem = ~old & mask_of(i->opsize);
		return 0;
	case 3: /* NEG */
		o->a = 0;
		o->b = old;
		e->mem = do_sub(o, 0);
		return 0;
	}
	return -EOPNOTSUPP;
}

static int apply_one(const struct insn *i, const struct cpu_user_regs *regs,
		     struct operands *o, struct insn_effect *e)
{
	switch (i->opcode) {
	case 0x00 ... 0x3f:
		if ((i->opcode & 7) > 1)
			return -EOPNOTSUPP;
		return apply_alu(i, i->opcode >> 3, o->b, o, e);
	case 0x80: case 0x81: case 0x83:
		return apply_alu(i, insn_group(i), i->imm, o, e);
	case 0x86: case 0x87: /* XCHG */
		e->reg = i->reg;
		e->reg_val = o->a;
		e->mem = o->b;
		return 0;
	case 0x88: case 0x89:
		e->mem = o->b;
		return 0;
	case 0xa2: case 0xa3: case 0xaa: case 0xab: /* from the accumulator */
		e->mem = insn_get_reg(i, regs, 0, i->opsize);
		return 0;
	case 0xc6: case 0xc7:
		e->mem = i->imm & mask_of(i->opsize);
		return insn_group(i) == 0 ? 0 : -EOPNOTSUPP;
	case 0xf6: case 0xf7:
		return apply_f6(i, o, e);
	case 0xfe: case 0xff:
		if (insn_group(i) > 1)
			return -EOPNOTSUPP;
		e->mem = do_step(o, insn_group(i));
		return 0;
	}
	return -EOPNOTSUPP;
}

static int apply_0f(const struct insn *i, const struct cpu_user_regs *regs,
		    struct operands *o, struct insn_effect *e)
{
	switch (i->opcode) {
	case 0xa3: case 0xab: case 0xb3: case 0xbb:
		return apply_bit(i->opcode >> 3 & 3, o->b, o, e);
	case 0xba:
		if (insn_group(i) < 4)
			return -EOPNOTSUPP;
		return apply_bit(insn_group(i) & 3, i->imm, o, e);
	case 0xb0: case 0xb1:
		return apply_cmpxchg(i, regs, o, e);
	case 0xc0: case 0xc1:
		return apply_xadd(i, o, e);
	case 0xc3: /* MOVNTI */
		e->mem = o->b;
		return 0;
	}
	return -EOPNOTSUPP;
}

static bool is_stos(const struct insn *i)
{
	return i->map == INSN_ONE && (i->opcode & 0xfe) == 0xaa;
}

int insn_apply(const struct insn *i, const struct cpu_user_regs *regs,
	       uint64_t old, struct insn_effect *out)
{
	struct operands o = {
		.a = old & mask_of(i->opsize),
		.b = insn_get_reg(i, regs, i->reg, i->opsize),
		.size = i->opsize,
		.flags = regs->rflags,
	};
	int rc;

	*out = (struct insn_effect){ .writes_mem = true, .reg = INSN_NO_REG };
	if (!i->mem && !is_stos(i))
		return -EOPNOTSUPP;
	if (i->map == INSN_ONE)
		rc = apply_one(i, regs, &o, out);
	else if (i->map == INSN_0F)
		rc = apply_0f(i, regs, &o, out);
	else
		rc = -EOPNOTSUPP;
	out->flags = o.flags;
	return rc;
}

bool insn_reads_mem(const struct insn *i)
{
	switch (insn_op(i)) {
	case INSN_OP(INSN_ONE, 0x88): case INSN_OP(INSN_ONE, 0x89):
	case INSN_OP(INSN_ONE, 0xa2): case INSN_OP(INSN_ONE, 0xa3):
	case INSN_OP(INSN_ONE, 0xaa): case INSN_OP(INSN_ONE, 0xab):
	case INSN_OP(INSN_ONE, 0xc6): case INSN_OP(INSN_ONE, 0xc7):
	case INSN_OP(INSN_0F, 0xc3):
		return false;
	}
	return true;
}

/* One step of a string store; true while the instruction has more to do. */
static bool stos_step(const struct insn *i, struct cpu_user_regs *regs)
{
	uint64_t by = i->opsize;

	if (regs->rflags & FLAG_DF)
		by = -by;
	insn_set_reg(i, regs, 7, i->addrsize, regs->rdi + by);
	if (!i->rep)
		return false;
	insn_set_reg(i, regs, 1, i->addrsize, regs->rcx - 1);
	return insn_get_reg(i, regs, 1, i->addrsize) != 0;
}

void insn_retire(const struct insn *i, struct cpu_user_regs *regs,
		 const struct insn_effect *e)
{
	regs->rflags = e->flags & ~FLAG_RF;
	if (e->reg != INSN_NO_REG)
		insn_set_reg(i, regs, e->reg, i->opsize, e->reg_val);
	if (is_stos(i) && stos_step(i, regs))
		return;
	regs->rip += i->len;
	if (!i->mode64)
		regs->rip = (uint32_t)regs->rip;
}
