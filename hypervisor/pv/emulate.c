/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that ring 3 may not execute, done on behalf of guests: control
 * and debug registers, MSRs (emul_msr.c), port I/O (emul_io.c), CPUID with the
 * forced-emulation prefix, INT n, and what UMIP forbids.
 *
 * The bytes are fetched from the guest once; they may differ from what the CPU
 * executed, but whatever they are is checked against the mode the guest is in.
 * State: the vCPU that runs here.  No locks.
 */
#include <domain/cpupolicy.h>
#include <port/guest.h>
#include <port/vcpu_hw.h>
#include <pv/emulate.h>
#include <pv/segdesc.h>
#include <x86/x86.h>

#define VEC_UD 6
#define VEC_GP 13
#define EC_IDT 2U /* the error code names a vector */
#define EC_EXT 1U
#define DR6_STEP BIT(14)
#define MSR_TSC 0x10

/* CR0 as every guest sees it, but for TS: PG AM WP NE ET MP PE. */
#define CR0_FIXED 0x80050033UL

static const uint8_t force_prefix[] = { 0x0f, 0x0b, 0x78, 0x65, 0x6e };
static const uint8_t cpuid_bytes[] = { 0x0f, 0xa2 };

void pv_refuse(struct vcpu *v, const char *what, uint64_t detail)
{
	log_guest(v->domain, LOG_DEBUG, "vCPU %u: refused %s %lx at rip %lx\n",
		  v->id, what, detail, v->regs.rip);
}

enum emul_result emul_fault(struct vcpu *v, gva_t a, size_t len, bool write)
{
	uint8_t probe;

	/* If the first byte is there, the fault is in the next page. */
	if (len > 1 && !guest_read(v, &probe, a, 1))
		a = (a + len - 1) & PAGE_MASK;
	pv_raise_page_fault(v, a, write ? 2 : 0);
	return EMUL_RAISED;
}

/* --- control and debug registers --- */

static enum emul_result write_cr0(struct vcpu *v, uint64_t val)
{
	if ((val ^ CR0_FIXED) & ~CR0_TS) {
		pv_refuse(v, "CR0", val);
		return EMUL_REFUSE;
	}
	v->pv.cr0_ts = val & CR0_TS;
	vcpu_hw_set_ts(v, val & CR0_TS);
	return EMUL_DONE;
}

static enum emul_result write_cr3(struct vcpu *v, uint64_t val)
{
	struct budget b = BUDGET(BUDGET_HYPERCALL);
	int rc = pv_set_kernel_base(v, mfn(val >> PAGE_SHIFT), &b);

	if (rc == -ERESTART)
		return EMUL_AGAIN;
	return rc ? EMUL_REFUSE : EMUL_DONE;
}

static enum emul_result emul_write_cr(struct vcpu *v, const struct insn *i)
{
	uint64_t val = *insn_reg(&v->regs, i->rm);

	switch (i->reg) {
	case 0:
		return write_cr0(v, val);
	case 2:
		v->pv.cr2 = val;
		WRITE_ONCE(v->info->arch.cr2, val);
		return EMUL_DONE;
	case 3:
		return write_cr3(v, val);
	case 4:
		v->pv.cr4 = pv_cr4(v, val);
		vcpu_hw_load_cr4(v);
		return EMUL_DONE;
	}
	return EMUL_REFUSE;
}

static enum emul_result emul_read_cr(struct vcpu *v, const struct insn *i)
{
	uint64_t *reg = insn_reg(&v->regs, i->rm);

	switch (i->reg) {
	case 0:
		*reg = CR0_FIXED | v->pv.cr0_ts;
		return EMUL_DONE;
	case 2:
		*reg = v->pv.cr2;
		return EMUL_DONE;
	case 3:
		*reg = xen_pfn_to_cr3(mfn_x(v->pv.kernel_cr3));
		return EMUL_DONE;
	case 4:
		*reg = v->pv.cr4;
		return EMUL_DONE;
	}
	return EMUL_REFUSE;
}

static enum emul_result emul_read_dr(struct vcpu *v, const struct insn *i)
{
	return pv_get_debugreg(v, i->reg, insn_reg(&v->regs, i->rm)) ?
		       EMUL_REFUSE : EMUL_DONE;
}

static enum emul_result emul_write_dr(struct vcpu *v, const struct insn *i)
{
	return pv_set_debugreg(v, i->reg, *insn_reg(&v->regs, i->rm)) ?
		       EMUL_REFUSE : EMUL_DONE;
}

static enum emul_result emul_clts(struct vcpu *v, const struct insn *i)
{
	(void)i;
	return write_cr0(v, CR0_FIXED);
}

/* A kernel that has set CR4.TSD may still read the TSC itself. */
static enum emul_result read_tsc(struct vcpu *v)
{
	uint64_t tsc;

	if (x86_rdmsr_safe(MSR_TSC, &tsc))
		return EMUL_REFUSE;
	v->regs.rax = (uint32_t)tsc;
	v->regs.rdx = tsc >> 32;
	return EMUL_DONE;
}

static enum emul_result emul_rdtsc(struct vcpu *v, const struct insn *i)
{
	(void)i;
	return read_tsc(v);
}

static enum emul_result emul_rdtscp(struct vcpu *v)
{
	v->regs.rcx = (uint32_t)v->hw.tsc_aux;
	return read_tsc(v);
}

/* Caches are coherent for all that a guest can do without a device. */
static enum emul_result emul_nothing(struct vcpu *v, const struct insn *i)
{
	(void)v, (void)i;
	return EMUL_DONE;
}

/* CLI and STI are no-ops where I/O is allowed: events are masked by flag. */
static enum emul_result emul_cli_sti(struct vcpu *v, const struct insn *i)
{
	(void)i;
	return emul_iopl_ok(v) ? EMUL_DONE : EMUL_REFUSE;
}

/* --- group 0F 00 and 0F 01 --- */

static enum emul_result store(struct vcpu *v, const struct insn *i,
			      const void *val, size_t len)
{
	gva_t a = insn_address(i, &v->regs, v->hw.fs_base, v->hw.gs_base);

	if (guest_write(v, a, val, len))
		return emul_fault(v, a, len, true);
	return EMUL_DONE;
}

/* SLDT, STR, SMSW: to memory always 16 bits. */
static enum emul_result store_word(struct vcpu *v, const struct insn *i,
				   uint64_t val)
{
	uint16_t word = (uint16_t)val;

	if (i->mem) {
		vcpu_hw_save_bases(v);
		return store(v, i, &word, sizeof(word));
	}
	insn_set_reg(i, &v->regs, i->rm, i->opsize, val);
	return EMUL_DONE;
}

static enum emul_result emul_group_00(struct vcpu *v, const struct insn *i)
{
	return insn_group(i) < 2 ? store_word(v, i, 0) : EMUL_REFUSE;
}

/* SGDT and SIDT show nothing of ours. */
static enum emul_result store_table(struct vcpu *v, const struct insn *i)
{
	static const uint8_t empty[10];

	vcpu_hw_save_bases(v);
	return store(v, i, empty, i->mode64 ? 10 : 6);
}

static enum emul_result emul_lmsw(struct vcpu *v, const struct insn *i)
{
	uint16_t word = 0;

	if (i->mem) {
		gva_t a;

		vcpu_hw_save_bases(v);
		a = insn_address(i, &v->regs, v->hw.fs_base, v->hw.gs_base);
		if (guest_read(v, &word, a, sizeof(word)))
			return emul_fault(v, a, sizeof(word), false);
	} else {
		word = (uint16_t)*insn_reg(&v->regs, i->rm);
	}
	return write_cr0(v, (CR0_FIXED & ~0xfUL) | (word & 0xf) | 1);
}

static enum emul_result emul_xsetbv(struct vcpu *v)
{
	uint64_t val = v->regs.eax | (uint64_t)v->regs.edx << 32;

	if (!(v->pv.cr4 & CR4_OSXSAVE)) {
		pv_raise(v, VEC_UD, 0);
		return EMUL_RAISED;
	}
	if (v->regs.ecx != 0 || !cpu_policy_xcr0_valid(v->domain, val)) {
		pv_refuse(v, "XCR0", val);
		return EMUL_REFUSE;
	}
	v->hw.xcr0 = val;
	vcpu_hw_load_xcr0(v);
	return EMUL_DONE;
}

static enum emul_result emul_group_01(struct vcpu *v, const struct insn *i)
{
	unsigned int group = insn_group(i);

	if (group == 4)
		return store_word(v, i, CR0_FIXED | v->pv.cr0_ts);
	if (i->mem && group < 2)
		return store_table(v, i);
	if (!v->pv.kernel_mode)
		return EMUL_REFUSE;
	if (group == 6)
		return emul_lmsw(v, i);
	if (!i->mem && group == 2 && (i->rm & 7) == 1)
		return emul_xsetbv(v);
	if (!i->mem && group == 7 && (i->rm & 7) == 1 && x86_features.rdtscp)
		return emul_rdtscp(v);
	return EMUL_REFUSE;
}

/* --- the table --- */

struct handler {
	uint16_t first, last; /* INSN_OP() */
	bool kernel_only;
	emul_fn *fn;
};

#define ONE(op) INSN_OP(INSN_ONE, op)
#define TWO(op) INSN_OP(INSN_0F, op)

/* In the order of how often they come. */
static const struct handler handlers[] = {
	{ ONE(0xec), ONE(0xef), false, emul_in_out },
	{ ONE(0xe4), ONE(0xe7), false, emul_in_out },
	{ ONE(0x6c), ONE(0x6f), false, emul_string_io },
	{ TWO(0x32), TWO(0x32), true, emul_rdmsr },
	{ TWO(0x30), TWO(0x30), true, emul_wrmsr },
	{ TWO(0x20), TWO(0x20), true, emul_read_cr },
	{ TWO(0x22), TWO(0x22), true, emul_write_cr },
	{ TWO(0x21), TWO(0x21), true, emul_read_dr },
	{ TWO(0x23), TWO(0x23), true, emul_write_dr },
	{ TWO(0x06), TWO(0x06), true, emul_clts },
	{ TWO(0x01), TWO(0x01), false, emul_group_01 },
	{ TWO(0x00), TWO(0x00), false, emul_group_00 },
	{ TWO(0x31), TWO(0x31), true, emul_rdtsc },
	{ TWO(0x08), TWO(0x09), true, emul_nothing }, /* INVD, WBINVD */
	{ ONE(0xfa), ONE(0xfb), false, emul_cli_sti },
};

static const struct handler *find_handler(const struct insn *i)
{
	unsigned int op = insn_op(i);

	for (unsigned int k = 0; k < ARRAY_SIZE(handlers); k++)
		if (op >= handlers[k].first && op <= handlers[k].last)
			return &handlers[k];
	return NULL;
}

/* --- fetching --- */

/* What can be read at RIP, at most @max bytes; the rest may be unmapped. */
static size_t fetch(struct vcpu *v, gva_t a, uint8_t *buf, size_t max)
{
	size_t to_end = PAGE_SIZE - (a & (PAGE_SIZE - 1));

	if (!guest_read(v, buf, a, max))
		return max;
	if (to_end < max && !guest_read(v, buf, a, to_end))
		return to_end;
	return 0;
}

static int fetch_decode(struct vcpu *v, struct insn *i)
{
	uint8_t bytes[INSN_MAX];
	bool mode64 = segdesc_is_code64(v);
	gva_t a = v->regs.rip;
	size_t n;

	if (!mode64)
		a = (uint32_t)(a + segdesc_base(segdesc_lookup(v, v->regs.cs)));
	n = fetch(v, a, bytes, sizeof(bytes));
	return insn_decode(bytes, n, mode64, i);
}

static void advance(struct vcpu *v, const struct insn *i)
{
	struct cpu_user_regs *r = &v->regs;

	r->rip += i->len;
	if (!i->mode64)
		r->rip = (uint32_t)r->rip;
	r->rflags &= ~FLAG_RF;
	if (r->rflags & FLAG_TF)
		pv_debug(v, DR6_STEP);
}

static enum emul_result emulate(struct vcpu *v)
{
	const struct handler *h;
	enum emul_result res;
	struct insn i;

	if (fetch_decode(v, &i) || i.lock)
		return EMUL_REFUSE;
	h = find_handler(&i);
	if (!h || (h->kernel_only && !v->pv.kernel_mode))
		return EMUL_REFUSE;
	res = h->fn(v, &i);
	if (res == EMUL_DONE)
		advance(v, &i);
	return res;
}

/*
 * INT n. Some emulated CPUs give another error code than real ones, so the
 * vector is taken from the instruction where it can be read.
 */
static bool software_interrupt(struct vcpu *v, uint32_t ec)
{
	uint32_t vector = ec >> 3;
	struct insn i;
	uint8_t len = 2;

	if (!fetch_decode(v, &i) && insn_op(&i) == ONE(0xcd)) {
		vector = (uint8_t)i.imm;
		len = i.len;
	}
	if (vector >= PV_VECTORS || !v->pv.traps[vector].address ||
	    !pv_softint_permitted(v, vector))
		return false;
	v->regs.rip += len;
	pv_raise(v, vector, 0);
	return true;
}

void pv_general_protection(struct vcpu *v, uint32_t ec)
{
	if ((ec & (EC_IDT | EC_EXT)) == EC_IDT) {
		if (software_interrupt(v, ec))
			return;
	} else if (ec == 0 && emulate(v) != EMUL_REFUSE) {
		return;
	}
	pv_raise(v, VEC_GP, ec);
}

static bool forced_cpuid(struct vcpu *v)
{
	uint8_t bytes[sizeof(force_prefix) + sizeof(cpuid_bytes)];

	return !guest_read(v, bytes, v->regs.rip, sizeof(bytes)) &&
	       !memcmp(bytes, force_prefix, sizeof(force_prefix)) &&
	       !memcmp(bytes + sizeof(force_prefix), cpuid_bytes,
		       sizeof(cpuid_bytes));
}

void pv_invalid_opcode(struct vcpu *v)
{
	struct cpu_user_regs *r = &v->regs;
	uint32_t out[4];

	if (!forced_cpuid(v)) {
		pv_raise(v, VEC_UD, 0);
		return;
	}
	pv_cpuid(v, r->eax, r->ecx, out);
	r->rax = out[0];
	r->rbx = out[1];
	r->rcx = out[2];
	r->rdx = out[3];
	r->rip += sizeof(force_prefix) + sizeof(cpuid_bytes);
	if (r->rflags & FLAG_TF)
		pv_debug(v, DR6_STEP);
}
