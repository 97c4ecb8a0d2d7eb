/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding of x86 instructions in 64-bit and 32-bit code.  One table for each
 * opcode map says what follows an opcode; insn_decode() walks prefixes,
 * opcode, ModRM, displacement and immediate through a bounded cursor.  It
 * knows lengths and operands, not meanings.  No state.
 */
#include <lib/insn.h>

/* What follows an opcode, and how wide its operand is. */
enum {
	M = 1 << 0, /* ModRM */
	B = 1 << 1, /* byte operand */
	I8 = 1 << 2, /* immediate of 1 byte */
	IZ = 1 << 3, /* of 2 or 4 by operand size */
	IV = 1 << 4, /* of operand size, 8 included */
	I16 = 1 << 5, /* of 2 bytes */
	MO = 1 << 6, /* an address of address size */
	Q = 1 << 7, /* operand is 8 bytes wide in 64-bit mode */
	N64 = 1 << 8, /* not in 64-bit mode */
	G3 = 1 << 9, /* immediate of operand size if modrm.reg < 2 */
	X = 1 << 10, /* no such instruction, or not known here */
	RG = 1 << 11, /* ModRM names registers whatever its mod is */
};

/* The arithmetic instructions come in rows of eight opcodes. */
#define ROW(o)                                                         \
	[(o)] = M | B, [(o) + 1] = M, [(o) + 2] = M | B, [(o) + 3] = M, \
	[(o) + 4] = I8 | B, [(o) + 5] = IZ

static const uint16_t map_one[256] = {
	ROW(0x00), ROW(0x08), ROW(0x10), ROW(0x18),
	ROW(0x20), ROW(0x28), ROW(0x30), ROW(0x38),
	[0x06] = N64, [0x07] = N64, [0x0e] = N64, [0x0f] = X,
	[0x16] = N64, [0x17] = N64, [0x1e] = N64, [0x1f] = N64,
	[0x26] = X, [0x27] = N64, [0x2e] = X, [0x2f] = N64,
	[0x36] = X, [0x37] = N64, [0x3e] = X, [0x3f] = N64,
	[0x50 ... 0x5f] = Q,
	[0x60] = N64, [0x61] = N64, [0x62] = X, [0x63] = M,
	[0x64 ... 0x67] = X,
	[0x68] = IZ | Q, [0x69] = M | IZ, [0x6a] = I8 | Q, [0x6b] = M | I8,
	[0x6c] = B, [0x6e] = B,
	[0x70 ... 0x7f] = I8 | Q,
	[0x80] = M | B | I8, [0x81] = M | IZ, [0x82] = M | B | I8 | N64,
	[0x83] = M | I8, [0x84] = M | B, [0x85] = M, [0x86] = M | B,
	[0x87] = M, [0x88] = M | B, [0x89] = M, [0x8a] = M | B, [0x8b] = M,
	[0x8c ... 0x8e] = M, [0x8f] = M | Q,
	[0x9a] = X, [0x9c ... 0x9d] = Q,
	[0xa0] = MO | B, [0xa1] = MO, [0xa2] = MO | B, [0xa3] = MO,
	[0xa4] = B, [0xa6] = B, [0xa8] = I8 | B, [0xa9] = IZ,
	[0xaa] = B, [0xac] = B, [0xae] = B,
	[0xb0 ... 0xb7] = I8 | B, [0xb8 ... 0xbf] = IV,
	[0xc0] = M | B | I8, [0xc1] = M | I8, [0xc2] = I16 | Q, [0xc3] = Q,
	[0xc4 ... 0xc5] = X, [0xc6] = M | B | I8, [0xc7] = M | IZ,
	[0xc8] = I16 | I8 | Q, [0xc9] = Q, [0xca] = I16, [0xcd] = I8,
	[0xce] = N64,
	[0xd0] = M | B, [0xd1] = M, [0xd2] = M | B, [0xd3] = M,
	[0xd4 ... 0xd5] = I8 | N64, [0xd6] = N64, [0xd7] = B,
	[0xd8 ... 0xdf] = M,
	[0xe0 ... 0xe3] = I8 | Q, [0xe4] = I8 | B, [0xe5] = I8,
	[0xe6] = I8 | B, [0xe7] = I8, [0xe8 ... 0xe9] = IZ | Q, [0xea] = X,
	[0xeb] = I8 | Q, [0xec] = B, [0xee] = B,
	[0xf0] = X, [0xf2 ... 0xf3] = X,
	[0xf6] = M | B | G3, [0xf7] = M | G3, [0xfe] = M | B, [0xff] = M,
};

static const uint16_t map_0f[256] = {
	[0x00 ... 0x03] = M, [0x04] = X, [0x0a] = X, [0x0c] = X, [0x0d] = M,
	[0x0f] = M | I8,
	[0x10 ... 0x1f] = M, [0x20 ... 0x23] = M | Q | RG,
	[0x24 ... 0x27] = X, [0x28 ... 0x2f] = M,
	[0x36] = X, [0x38 ... 0x3f] = X,
	[0x40 ... 0x6f] = M, [0x70 ... 0x73] = M | I8, [0x74 ... 0x76] = M,
	[0x78 ... 0x7f] = M, [0x80 ... 0x8f] = IZ | Q,
	[0x90 ... 0x9f] = M | B, [0xa0 ... 0xa1] = Q, [0xa3] = M,
	[0xa4] = M | I8, [0xa5] = M, [0xa6 ... 0xa7] = X,
	[0xa8 ... 0xa9] = Q, [0xab] = M, [0xac] = M | I8,
	[0xad ... 0xaf] = M, [0xb0] = M | B, [0xb1 ... 0xb9] = M,
	[0xba] = M | I8, [0xbb ... 0xbf] = M, [0xc0] = M | B, [0xc1] = M,
	[0xc2] = M | I8, [0xc3] = M, [0xc4 ... 0xc6] = M | I8, [0xc7] = M,
	[0xd0 ... 0xff] = M,
};

struct cursor {
	const uint8_t *p;
	size_t left;
	uint8_t used;
};

struct prefixes {
	uint8_t rex;
	bool op16, addr;
	int seg; /* -1: none */
};

static int take(struct cursor *c, unsigned int n, uint64_t *val)
{
	*val = 0;
	if (c->used + n > INSN_MAX)
		return -EINVAL;
	if (c->left < n)
		return -EFAULT;
	for (unsigned int k = 0; k < n; k++)
		*val |= (uint64_t)c->p[k] << (8 * k);
	c->p += n;
	c->left -= n;
	c->used = (uint8_t)(c->used + n);
	return 0;
}

static int64_t sign_extend(uint64_t v, unsigned int bytes)
{
	unsigned int up = 64 - 8 * bytes;

	return (int64_t)(v << up) >> up;
}

static int take_signed(struct cursor *c, unsigned int n, int64_t *val)
{
	uint64_t v;
	int rc = take(c, n, &v);

	*val = rc ? 0 : sign_extend(v, n);
	return rc;
}

/* True if @b is a legacy prefix, noted in @pfx or @i. */
static bool legacy_prefix(uint8_t b, struct prefixes *pfx, struct insn *i)
{
	switch (b) {
	case 0x26: case 0x2e: case 0x36: case 0x3e:
		pfx->seg = (b >> 3) & 3;
		return true;
	case 0x64: case 0x65:
		pfx->seg = b & 7;
		return true;
	case 0x66:
		pfx->op16 = true;
		return true;
	case 0x67:
		pfx->addr = true;
		return true;
	case 0xf0:
		i->lock = true;
		return true;
	case 0xf2: case 0xf3:
		i->rep = b;
		return true;
	}
	return false;
}

/* Prefixes up to and with the first opcode byte, which goes to @op. */
static int take_prefixes(struct cursor *c, struct prefixes *pfx,
			 struct insn *i, uint8_t *op)
{
	for (;;) {
		uint64_t b;
		int rc = take(c, 1, &b);

		if (rc)
			return rc;
		if (legacy_prefix((uint8_t)b, pfx, i)) {
			pfx->rex = 0; /* REX counts only just before the opcode */
		} else if (i->mode64 && (b & 0xf0) == 0x40) {
			pfx->rex = (uint8_t)b;
		} else {
			*op = (uint8_t)b;
			return 0;
		}
	}
}

/* The opcode's map and number; what follows it goes to @attr. */
static int take_opcode(struct cursor *c, uint8_t first, struct insn *i,
		       uint16_t *attr)
{
	uint64_t b = first;
	int rc = 0;

	if (first == 0x0f) {
		i->map = INSN_0F;
		rc = take(c, 1, &b);
	}
	if (!rc && i->map == INSN_0F && (b == 0x38 || b == 0x3a)) {
		i->map = b == 0x38 ? INSN_0F38 : INSN_0F3A;
		rc = take(c, 1, &b);
	}
	if (rc)
		return rc;
	i->opcode = (uint8_t)b;
	switch (i->map) {
	case INSN_ONE:
		*attr = map_one[b];
		break;
	case INSN_0F:
		*attr = map_0f[b];
		break;
	case INSN_0F38:
		*attr = M;
		break;
	default:
		*attr = M | I8;
	}
	if (*attr & X)
		return -EOPNOTSUPP;
	return (*attr & N64) && i->mode64 ? -EINVAL : 0;
}

static int take_sib(struct cursor *c, const struct prefixes *pfx, uint8_t mod,
		    struct insn *i, unsigned int *disp)
{
	uint64_t sib;
	int rc = take(c, 1, &sib);

	if (rc)
		return rc;
	i->scale = (uint8_t)(sib >> 6);
	i->index = (uint8_t)((sib >> 3 & 7) | (pfx->rex & 2) << 2);
	if (i->index == 4)
		i->index = INSN_NO_REG;
	i->base = (uint8_t)((sib & 7) | (pfx->rex & 1) << 3);
	if ((sib & 7) == 5 && mod == 0) {
		i->base = INSN_NO_REG;
		*disp = 4;
	}
	return 0;
}

static int take_modrm(struct cursor *c, const struct prefixes *pfx,
		      bool registers, struct insn *i)
{
	unsigned int disp = 0;
	uint8_t mod, rm;
	uint64_t b;
	int rc = take(c, 1, &b);

	if (rc)
		return rc;
	mod = (uint8_t)(b >> 6);
	rm = b & 7;
	i->has_modrm = true;
	i->reg = (uint8_t)((b >> 3 & 7) | (pfx->rex & 4) << 1);
	i->rm = (uint8_t)(rm | (pfx->rex & 1) << 3);
	if (mod == 3 || registers)
		return 0;

	i->mem = true;
	i->base = i->rm;
	if (mod == 1)
		disp = 1;
	else if (mod == 2)
		disp = 4;
	if (rm == 4) {
		rc = take_sib(c, pfx, mod, i, &disp);
	} else if (rm == 5 && mod == 0) {
		i->base = INSN_NO_REG;
		i->rip_relative = i->mode64;
		disp = 4;
	}
	if (!rc && disp)
		rc = take_signed(c, disp, &i->disp);
	/* RSP and RBP address the stack segment. */
	if (i->base == 4 || i->base == 5)
		i->seg = SEG_SS;
	return rc;
}

static int take_immediate(struct cursor *c, uint16_t attr, struct insn *i)
{
	unsigned int z = i->opsize == 8 ? 4 : i->opsize;
	unsigned int n = 0;
	int64_t val = 0;
	int rc;

	if (attr & MO) {
		rc = take(c, i->addrsize, (uint64_t *)&i->disp);
		i->mem = true;
		return rc;
	}
	if ((attr & G3) && insn_group(i) < 2)
		n = z;
	else if (attr & I16)
		n = 2 + !!(attr & I8);
	else if (attr & I8)
		n = 1;
	else if (attr & IZ) /* near branches keep 4 bytes in 64-bit mode */
		n = (attr & Q) && i->mode64 && i->opcode != 0x68 ? 4 : z;
	else if (attr & IV)
		n = i->opsize;
	i->imm_len = (uint8_t)n;
	if (n == 0)
		return 0;
	rc = take_signed(c, n, &val);
	i->imm = (uint64_t)val;
	return rc;
}

static uint8_t operand_size(const struct insn *i, const struct prefixes *pfx,
			    uint16_t attr)
{
	if (attr & B)
		return 1;
	if (i->rex_w || ((attr & RG) && i->mode64))
		return 8;
	if (pfx->op16)
		return 2;
	return (attr & Q) && i->mode64 ? 8 : 4;
}

int insn_decode(const uint8_t *bytes, size_t len, bool mode64,
		struct insn *out)
{
	struct cursor c = { .p = bytes, .left = len };
	struct prefixes pfx = { .seg = -1 };
	uint16_t attr = 0;
	uint8_t first = 0;
	int rc;

	*out = (struct insn){ .mode64 = mode64, .seg = SEG_DS,
			      .base = INSN_NO_REG, .index = INSN_NO_REG };
	rc = take_prefixes(&c, &pfx, out, &first);
	if (rc)
		return rc;
	/* 16-bit addressing does not occur in code that is emulated. */
	if (!mode64 && pfx.addr)
		return -EOPNOTSUPP;
	out->addrsize = mode64 && !pfx.addr ? 8 : 4;
	out->rex = pfx.rex != 0;
	out->rex_w = pfx.rex & 8;
	rc = take_opcode(&c, first, out, &attr);
	if (rc)
		return rc;
	out->opsize = operand_size(out, &pfx, attr);
	if (attr & M)
		rc = take_modrm(&c, &pfx, attr & RG, out);
	else
		out->rm = (uint8_t)((out->opcode & 7) | (pfx.rex & 1) << 3);
	if (!rc)
		rc = take_immediate(&c, attr, out);
	if (pfx.seg >= 0)
		out->seg = (uint8_t)pfx.seg;
	out->len = c.used;
	return rc;
}

uint64_t *insn_reg(struct cpu_user_regs *regs, unsigned int n)
{
	static const uint8_t offset[16] = {
		offsetof(struct cpu_user_regs, rax),
		offsetof(struct cpu_user_regs, rcx),
		offsetof(struct cpu_user_regs, rdx),
		offsetof(struct cpu_user_regs, rbx),
		offsetof(struct cpu_user_regs, rsp),
		offsetof(struct cpu_user_regs, rbp),
		offsetof(struct cpu_user_regs, rsi),
		offsetof(struct cpu_user_regs, rdi),
		offsetof(struct cpu_user_regs, r8),
		offsetof(struct cpu_user_regs, r9),
		offsetof(struct cpu_user_regs, r10),
		offsetof(struct cpu_user_regs, r11),
		offsetof(struct cpu_user_regs, r12),
		offsetof(struct cpu_user_regs, r13),
		offsetof(struct cpu_user_regs, r14),
		offsetof(struct cpu_user_regs, r15),
	};

	return (uint64_t *)((char *)regs + offset[n & 15]);
}

static uint64_t size_mask(unsigned int size)
{
	return size >= 8 ? ~0UL : BIT(8 * size) - 1;
}

/* AH, CH, DH and BH are registers 4 to 7 of byte operands without REX. */
static bool is_high_byte(const struct insn *i, unsigned int n,
			 unsigned int size)
{
	return size == 1 && !i->rex && n >= 4 && n < 8;
}

uint64_t insn_get_reg(const struct insn *i, const struct cpu_user_regs *regs,
		      unsigned int n, unsigned int size)
{
	struct cpu_user_regs *r = (struct cpu_user_regs *)regs;

	if (is_high_byte(i, n, size))
		return *insn_reg(r, n - 4) >> 8 & 0xff;
	return *insn_reg(r, n) & size_mask(size);
}

void insn_set_reg(const struct insn *i, struct cpu_user_regs *regs,
		  unsigned int n, unsigned int size, uint64_t val)
{
	bool high = is_high_byte(i, n, size);
	uint64_t *r = insn_reg(regs, high ? n - 4 : n);
	uint64_t mask = size_mask(size);

	if (high)
		*r = (*r & ~0xff00UL) | (val & 0xff) << 8;
	else if (size >= 4) /* 32-bit results clear the upper half */
		*r = val & mask;
	else
		*r = (*r & ~mask) | (val & mask);
}

/* Bit tests with a register reach beyond the operand: which bytes? */
static int64_t bit_word_offset(const struct insn *i,
			       const struct cpu_user_regs *regs)
{
	int64_t bit, bits = 8 * i->opsize;

	switch (insn_op(i)) {
	case INSN_OP(INSN_0F, 0xa3): case INSN_OP(INSN_0F, 0xab):
	case INSN_OP(INSN_0F, 0xb3): case INSN_OP(INSN_0F, 0xbb):
		bit = sign_extend(insn_get_reg(i, regs, i->reg, i->opsize),
				  i->opsize);
		return (bit & ~(bits - 1)) / 8;
	}
	return 0;
}

static bool is_stos(const struct insn *i)
{
	return i->map == INSN_ONE && (i->opcode & 0xfe) == 0xaa;
}

gva_t insn_address(const struct insn *i, const struct cpu_user_regs *regs,
		   uint64_t fs_base, uint64_t gs_base)
{
	struct cpu_user_regs *r = (struct cpu_user_regs *)regs;
	uint64_t a = (uint64_t)i->disp;

	if (is_stos(i))
		return i->addrsize == 4 ? (uint32_t)r->rdi : r->rdi;
	if (i->base != INSN_NO_REG)
		a += *insn_reg(r, i->base);
	if (i->index != INSN_NO_REG)
		a += *insn_reg(r, i->index) << i->scale;
	if (i->rip_relative)
		a += regs->rip + i->len;
	a += (uint64_t)bit_word_offset(i, regs);
	if (i->addrsize == 4)
		a = (uint32_t)a;
	if (i->seg == SEG_FS)
		a += fs_base;
	else if (i->seg == SEG_GS)
		a += gs_base;
	return i->mode64 ? a : (uint32_t)a;
}
