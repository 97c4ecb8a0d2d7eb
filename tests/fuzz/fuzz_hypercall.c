// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random hypercalls, and traps, of hostile guests against the whole core.
 *
 *	fuzz_hypercall [steps [seed]]
 *
 * Three guests and a domain with a control domain's rights (that makes no
 * domctl, sysctl or platform_op: fuzz_domctl does) do anything: arguments and
 * argument blocks come from hostile.c and hostile_blocks.c.  Guests scribble on
 * all memory that they may write, and die at random; devices interrupt.
 * Sanitizers, lock ranks, assertions and the checks below are what finds fault;
 * at the end every frame must have come back.  The same seed does the same.
 */
#include <stdio.h>
#include <unistd.h>
#include <boot/boot.h>
#include <hypercall/hypercall.h>
#include <irq/irq.h>
#include <lib/assert.h>
#include <port/hooks.h>
#include <port/log.h>
#include <pv/pv.h>
#include "hostile.h"
#include "irq_fake.h"

#define CHECK_EVERY 256

static unsigned long calls, deaths, traps, ok;

static const uint8_t favourites[] = {
	__HYPERVISOR_event_channel_op, __HYPERVISOR_grant_table_op,
	__HYPERVISOR_grant_table_op, __HYPERVISOR_grant_table_op,
	__HYPERVISOR_event_channel_op, __HYPERVISOR_memory_op,
	__HYPERVISOR_mmu_update, __HYPERVISOR_mmuext_op,
	__HYPERVISOR_update_va_mapping, __HYPERVISOR_multicall,
	__HYPERVISOR_vcpu_op, __HYPERVISOR_sched_op, __HYPERVISOR_physdev_op,
	__HYPERVISOR_physdev_op, __HYPERVISOR_memory_op, __HYPERVISOR_set_gdt,
	__HYPERVISOR_update_descriptor, __HYPERVISOR_console_io,
};

static bool left_out(uint64_t nr)
{
	return nr == __HYPERVISOR_domctl || nr == __HYPERVISOR_sysctl ||
	       nr == __HYPERVISOR_platform_op;
}

/* A multicall's entries must not be the calls that are left out. */
static void clean_multicall(void)
{
	struct multicall_entry *e = (void *)fake_buf;

	for (unsigned int i = 0; i < 8; i++) {
		if (rnd(2))
			e[i].op = favourites[rnd(ARRAY_SIZE(favourites))];
		if (left_out(e[i].op))
			e[i].op = __HYPERVISOR_sched_op;
	}
}

/*
 * It writes to what may be a table that it has mapped read-only, by an
 * instruction that is emulated, or not.
 */
static void table_fault(struct vcpu *v)
{
	static const uint8_t code[][6] = {
		{ 0x48, 0x89, 0x37 }, /* mov %rsi,(%rdi) */
		{ 0xf0, 0x48, 0x0f, 0xb1, 0x37 }, /* lock cmpxchg */
		{ 0x48, 0x87, 0x37 }, /* xchg */
		{ 0xf0, 0x48, 0x21, 0x37 }, /* lock and */
		{ 0xf0, 0x48, 0x0f, 0xba, 0x37, 1 }, /* lock btr $1 */
		{ 0x89, 0x37 }, /* mov %esi,(%rdi) */
		{ 0x48, 0xab }, /* stos */
		{ 0x0f, 0x0b },
	};

	fill_buf();
	memcpy(fake_buf, code[rnd(ARRAY_SIZE(code))], sizeof(code[0]));
	v->regs.rip = FAKE_BUF;
	v->regs.rdi = rnd(40) * PAGE_SIZE + rnd(40) * 8 + (rnd(8) == 0);
	v->regs.rsi = mfn_to_paddr(own_data(v)) | 5 | rnd(4);
	v->regs.rax = some_value();
	if (rnd(2))
		v->domain->vm_assist |=
			BIT(VMASST_TYPE_writable_pagetables);
	pv_page_fault(v, v->regs.rdi, 7);
}

static void ldt_access(struct vcpu *v, uint64_t offset)
{
	if (!pv_ldt_fault(v, offset))
		pv_ldt_missing(v, offset, 0);
}

/* The guest does, in its kernel or below, what a processor does not let it. */
static void one_trap(struct vcpu *v)
{
	v->regs.rip = some_value() & 0x00007fffffffffffUL;
	v->regs.rsp = rnd(8) ? FAKE_BUF + FAKE_BUF_SIZE / 2 : some_value();
	switch (rnd(12)) {
	case 0:
		pv_debug(v, some_value());
		break;
	case 1:
		pv_device_not_available(v);
		break;
	case 2:
		pv_software_interrupt(v, rnd(256));
		break;
	case 3:
		pv_syscall(v);
		break;
	case 4:
		pv_syscall32(v);
		break;
	case 5:
		pv_sysenter(v);
		break;
	case 6:
		pv_failsafe(v);
		break;
	case 7:
		pv_page_fault(v, some_value(), rnd(32));
		break;
	case 8:
		ldt_access(v, rnd(20) * PAGE_SIZE + rnd(4096));
		break;
	case 9:
	case 10:
		table_fault(v);
		break;
	default:
		pv_exception(v, rnd(32), rnd(1U << 16), rnd(2));
	}
	traps++;
}

static void interrupt(void)
{
	unsigned int irq = rnd(IRQ_FAKE_GSIS + 4);

	if (irq_fake[irq].routed && !irq_fake[irq].masked)
		irq_fake_arrive(irq);
}

static void one_call(struct vcpu *v)
{
	uint64_t nr = rnd(3) ? favourites[rnd(ARRAY_SIZE(favourites))] :
			       rnd(8) ? rnd(37) : rnd(70);
	struct cpu_user_regs *r = &v->regs;
	uint64_t arg[6];

	if (left_out(nr))
		return;
	if (!v->pv.kernel_mode)
		pv_enter_kernel_mode(v);
	fill_buf();
	shape_args(nr, arg);
	if (rnd(3))
		sensible_block(v, nr, arg);
	if (nr == __HYPERVISOR_multicall) {
		arg[0] = FAKE_BUF;
		clean_multicall();
	}
	r->rax = nr;
	r->rdi = arg[0];
	r->rsi = arg[1];
	r->rdx = arg[2];
	r->r10 = arg[3];
	r->r8 = arg[4];
	r->r9 = arg[5];
	r->rsp = FAKE_BUF + FAKE_BUF_SIZE / 2;
	r->rip = 0x1002;
	for (unsigned int turn = 0; turn < 50; turn++) {
		hypercall_dispatch(v);
		calls++;
		if (r->rip != 0x1000)
			break;
		/* Another vCPU may change the block meanwhile. */
		if (rnd(4) == 0 && nr != __HYPERVISOR_multicall)
			fill_buf();
		(void)exit_to_guest();
		if (sched_current() != v)
			break;
		r->rip = 0x1002;
	}
	ok += r->rax == 0;
}

/* Who waits for something that never comes. */
static void wake(void)
{
	struct domain *d = guests[rnd(DOMS)].d;

	vcpu_unblock(d->vcpus[rnd(d->vcpu_count)]);
}

static void step(void)
{
	struct vcpu *v;

	fake_on(rnd(FAKE_CPUS));
	(void)exit_to_guest();
	v = sched_current();
	if (!vcpu_is_idle(v) && rnd(16) == 0)
		one_trap(v);
	else if (!vcpu_is_idle(v))
		one_call(v);
	if (rnd(4) == 0)
		wake();
	if (rnd(8) == 0)
		interrupt();
	if (rnd(3) == 0)
		write_memory();
	if (rnd(16) == 0)
		fake_advance(rnd(20000000));
	if (rnd(2) == 0)
		fake_settle();
}

/* Guests that have ended themselves, or by chance, are replaced. */
static void renew(void)
{
	for (unsigned int i = 0; i < DOMS; i++) {
		bool stuck = true;
		struct vcpu *v;

		for_each_vcpu(guests[i].d, v)
			stuck &= v->pause_flags != 0;
		if (guests[i].d->shut_down || (stuck && rnd(4) == 0) ||
		    rnd(200) == 0) {
			end_guest(i);
			deaths++;
			make_guest(i);
		}
	}
}

static void check(void)
{
	const char *bad = fake_check();

	if (bad)
		panic("%s", bad);
}

int main(int argc, char **argv)
{
	unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	uint64_t seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1, before;

	seed_now = seed * 2654435761UL + 1;
	fake_start(FAKE_CPUS);
	irq_fake_device();
	boot_options.guest_loglvl = LOG_INFO;
	for (unsigned int i = 0; i < DOMS; i++)
		make_guest(i);
	for (unsigned int i = 0; i < DOMS; i++)
		end_guest(i);
	before = buddy_free_count();
	for (unsigned int i = 0; i < DOMS; i++)
		make_guest(i);
	hooks.deliver_pending = pv_deliver_pending;
	for (unsigned long n = 0; n < steps; n++) {
		step();
		if (n % CHECK_EVERY == 0) {
			check();
			renew();
		}
	}
	for (unsigned int i = 0; i < DOMS; i++)
		end_guest(i);
	fake_settle();
	check();
	for (uint16_t id = 0; id < DOMID_FIRST_RESERVED; id++)
		if (domain_get(id))
			panic("domain %u is left", id);
	if (buddy_free_count() + 8 < before)
		panic("%lu frames are lost", before - buddy_free_count());
	printf("fuzz_hypercall: seed %lu: %lu calls, %lu succeeded, %lu traps, %lu domains died\n",
	       seed, calls, ok, traps, deaths);
	return 0;
}
