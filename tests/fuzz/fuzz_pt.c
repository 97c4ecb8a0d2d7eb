// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three domains on three CPUs do what guests can do to page tables, in any
 * order that the input says: all updates, pins, bases, grants, frames given up
 * and taken, plain stores through TLBs that are not flushed in time, and work
 * that is cut off by its budget.  After each step all references are
 * recounted (tests/host/mmu_machine.h), and at the end everything must be
 * free.
 *
 *	fuzz_pt N [SEED]	N runs of random input
 *	fuzz_pt FILE		one run
 * or linked with libFuzzer, with -DLIBFUZZER.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <abi/core.h>
#include <hypercall/hypercall.h>
#include <port/tlb.h>
#include "../host/mmu_machine.h"

#define POOL 72 /* frames 1 .. POOL - 1 are in play */

struct input {
	const uint8_t *p, *end;
};

static uint32_t take(struct input *in, uint32_t below)
{
	if (in->p >= in->end)
		return 0;
	if (below > 256 && in->end - in->p >= 2) {
		in->p += 2;
		return (in->p[-1] * 256U + in->p[-2]) % below;
	}
	return *in->p++ % below;
}

static mfn_t any_frame(struct input *in)
{
	uint32_t n = take(in, POOL + 3);

	if (n == POOL)
		return mfn(MACH_MMIO);
	if (n == POOL + 1)
		return mfn(~0UL >> 24);
	return mfn(n);
}

static unsigned int any_index(struct input *in)
{
	static const uint16_t some[] = { 0, 1, 2, 3, 4, 5, 6, 7, 255, 256,
					 271, 272, 510, 511 };

	return some[take(in, ARRAY_SIZE(some))];
}

static gva_t any_va(struct input *in)
{
	gva_t va = 0;

	for (unsigned int level = 4; level; level--)
		va |= (gva_t)(take(in, 8) ? 0 : any_index(in))
		      << (9 * level + 3);
	return va | (gva_t)take(in, 8) << PAGE_SHIFT;
}

static uint64_t any_entry(struct input *in)
{
	static const uint64_t odd[] = { PTE_PCD, PTE_PAT, PTE_G, PTE_NX,
					PTE_A | PTE_D, BIT(9), BIT(52),
					PTE_PWT };
	uint64_t e = mfn_to_paddr(any_frame(in)) & PTE_ADDR;
	uint32_t how = take(in, 32);

	if (how)
		e |= PTE_P | PTE_US;
	if (how & 1)
		e |= PTE_RW;
	if (how > 24)
		e |= odd[take(in, ARRAY_SIZE(odd))];
	return e;
}

static uint32_t any_domain(struct input *in)
{
	static const uint32_t some[] = { DOMID_SELF, DOMID_SELF, 0, 1, 2,
					 DOMID_IO, DOMID_XEN, 77 };

	return some[take(in, ARRAY_SIZE(some))];
}

/* A caller that is cut off comes back, or does not. */
static void call(struct input *in, hypercall_fn *fn, struct vcpu *v,
		 uint64_t arg[6])
{
	while (fn(v, arg) == -ERESTART && take(in, 4))
		;
}

static void do_update(struct input *in, struct vcpu *v)
{
	struct mmu_update u[4];
	uint32_t n = 1 + take(in, ARRAY_SIZE(u)), done;
	uint64_t arg[6] = { (uint64_t)u, n, (uint64_t)&done, any_domain(in) };

	if (!take(in, 8))
		arg[3] |= (uint64_t)(1 + take(in, 3)) << 16;
	for (uint32_t i = 0; i < n; i++) {
		u[i].ptr = mfn_to_paddr(any_frame(in)) + any_index(in) * 8 +
			   take(in, 4);
		u[i].val = any_entry(in);
	}
	call(in, hc_mmu_update, v, arg);
}

static void do_va(struct input *in, struct vcpu *v)
{
	uint64_t arg[6] = { any_va(in), any_entry(in), take(in, 2) ? 0 :
			    UVMF_INVLPG | UVMF_ALL, any_domain(in) };

	if (take(in, 4))
		call(in, hc_update_va_mapping, v, arg);
	else
		call(in, hc_update_va_mapping_otherdomain, v, arg);
}

static void do_ext(struct input *in, struct vcpu *v)
{
	static const uint8_t likely_ops[] = {
		MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
		MMUEXT_PIN_L4_TABLE, MMUEXT_UNPIN_TABLE, MMUEXT_UNPIN_TABLE,
		MMUEXT_UNPIN_TABLE, MMUEXT_NEW_BASEPTR,
		MMUEXT_NEW_USER_BASEPTR, MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE,
	};
	struct mmuext_op op = { .arg1.mfn = any_frame(in).v };
	uint64_t arg[6] = { (uint64_t)&op, 1, 0, any_domain(in) };

	op.cmd = take(in, 8) ? likely_ops[take(in, ARRAY_SIZE(likely_ops))] :
			       take(in, 24);
	op.arg2.src_mfn = any_frame(in).v;
	if (op.cmd == MMUEXT_TLB_FLUSH_MULTI || op.cmd == MMUEXT_INVLPG_MULTI)
		op.arg2.vcpumask.addr = 0;
	call(in, hc_mmuext_op, v, arg);
}

static void do_store(struct input *in, unsigned int cpu)
{
	gva_t at = any_va(in) | any_index(in) * 8;

	mach_store(cpu, at, any_entry(in));
}

static void do_pin_little(struct input *in, struct domain *d)
{
	struct budget b = BUDGET(1 + take(in, 256));
	mfn_t m = any_frame(in);

	if (!frame_is_ram(m))
		return;
	if (take(in, 2))
		(void)!ptype_pin(m, (enum ptype)(PTYPE_L1 + take(in, 4)), d, &b);
	else if (take(in, 2))
		(void)!ptype_unpin(m, d, &b);
	else
		(void)!ptype_settle(m, d, &b);
}

static void do_frames(struct input *in, struct domain *d)
{
	struct domain *to = mach_domain(take(in, MACH_DOMAINS));
	mfn_t m = any_frame(in);

	switch (take(in, 4)) {
	case 0:
		domain_free_frame(d, m);
		break;
	case 1:
		if (!domain_steal_frame(d, m) && domain_assign_frame(to, m))
			buddy_free(m, 0);
		break;
	default:
		/* Frames above the pool are out of play: put them back. */
		m = mach_alloc(d->id);
		if (!mfn_eq(m, MFN_NONE) && m.v >= POOL)
			domain_free_frame(d, m);
	}
}

static void do_grant(struct input *in, struct vcpu *v)
{
	struct domain *from = mach_domain(take(in, MACH_DOMAINS));
	bool is_pte = take(in, 2), ro = take(in, 2);
	uint64_t where = is_pte ? mfn_to_paddr(any_frame(in)) +
					  any_index(in) * 8 : any_va(in);
	mfn_t m = any_frame(in);

	if (!frame_is_ram(m) || !frame_get(m, from))
		return;
	if (take(in, 2))
		pv_grant_map(v, where, is_pte, m, ro, 0);
	else
		pv_grant_unmap(v, where, is_pte, m, ro,
			       take(in, 3) ? 0 : any_va(in));
	frame_put(m);
}

static void do_schedule(struct input *in, unsigned int cpu)
{
	int i = (int)take(in, MACH_DOMAINS + 1) - 1;

	/* A vCPU is on one CPU at a time. */
	for (unsigned int c = 0; i >= 0 && c < MACH_CPUS; c++)
		if (c != cpu && (mach_domain((unsigned int)i)->dirty_cpus &
				 cpu_bit(c)))
			mach_run(c, -1);
	mach_run(cpu, i);
}

static void step(struct input *in)
{
	unsigned int i = take(in, MACH_DOMAINS);
	struct vcpu *v = &mach_dom[i].v;

	mach_cpu = take(in, MACH_CPUS);
	switch (take(in, 16)) {
	case 0 ... 3:
		do_update(in, v);
		break;
	case 4 ... 5:
		do_va(in, v);
		break;
	case 6 ... 7:
		do_ext(in, v);
		break;
	case 8 ... 10:
		do_store(in, mach_cpu);
		break;
	case 11:
		do_pin_little(in, &mach_dom[i].d);
		break;
	case 12:
		do_frames(in, &mach_dom[i].d);
		break;
	case 13:
		do_grant(in, v);
		break;
	case 14:
		do_schedule(in, mach_cpu);
		break;
	default:
		mach_access(mach_cpu, any_va(in), take(in, 2));
	}
}

static void fail(const char *what, unsigned int at)
{
	fprintf(stderr, "fuzz_pt: step %u: %s\n", at, what);
	abort();
}

static void begin(void)
{
	mach_reset(POOL);
	for (unsigned int i = 0; i < MACH_DOMAINS; i++) {
		mfn_t data[8];
		struct mach_space s;
		struct budget b = BUDGET(~0U);

		for (unsigned int k = 0; k < ARRAY_SIZE(data); k++)
			data[k] = mach_alloc(i);
		s = mach_space(i, data, ARRAY_SIZE(data));
		if (pv_set_kernel_base(&mach_dom[i].v, s.l4, &b))
			fail("cannot begin", 0);
		mach_run(i, (int)i);
	}
}

/* Foreign mappings keep frames of a torn-down domain: all go twice. */
static void end(unsigned int steps)
{
	const char *bad;

	for (unsigned int i = 0; i < 2 * MACH_DOMAINS; i++)
		mach_teardown(i % MACH_DOMAINS, 7);
	bad = mach_check();
	if (!bad)
		bad = mach_check_empty();
	if (bad)
		fail(bad, steps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	unsigned int steps = 0;

	begin();
	while (in.p < in.end) {
		const char *bad;

		step(&in);
		steps++;
		bad = mach_check();
		if (bad)
			fail(bad, steps);
	}
	end(steps);
	return 0;
}

#ifndef LIBFUZZER
static uint64_t rng;

static uint8_t random_byte(void)
{
	rng = rng * 6364136223846793005UL + 1442695040888963407UL;
	return (uint8_t)(rng >> 56);
}

static int run_file(const char *name)
{
	static uint8_t buf[1 << 20];
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f) {
		perror(name);
		return 2;
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	return LLVMFuzzerTestOneInput(buf, n);
}

int main(int argc, char **argv)
{
	static uint8_t buf[1 << 14];
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 0) : 100;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;

	if (argc > 1 && !runs)
		return run_file(argv[1]);
	for (unsigned long r = 0; r < runs; r++) {
		rng = seed + r;
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = random_byte();
		LLVMFuzzerTestOneInput(buf, 200 + rng % (sizeof(buf) - 200));
	}
	printf("fuzz_pt: %lu runs, seed %lu: all references accounted for\n",
	       runs, seed);
	return 0;
}
#endif
