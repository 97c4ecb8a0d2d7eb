// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The second vCPU: one word says what it is to do, another how often it did.
 * Which vCPU runs is told by the stack, since both share all memory.
 */
#include "second.h"

#define RACE_NS 2000000000UL

uint8_t second_fpu[512] __attribute__((aligned(16)));

static uint8_t stack[16384] __attribute__((aligned(16)));
static uint8_t trap_stack[8192] __attribute__((aligned(16)));
static void (*job)(void);
static bool once;
static unsigned long rounds, busy, alive;

unsigned int this_vcpu(void)
{
	uint8_t here;

	return &here >= stack && &here < stack + sizeof(stack);
}

uint64_t below(uint64_t n)
{
	static uint64_t seed[2] = { 0x9e3779b97f4a7c15UL, 0xfeedfacecafebeefUL };
	uint64_t *s = &seed[this_vcpu()];

	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s % n;
}

static void work(void (*fn)(void))
{
	fn();
	__atomic_fetch_add(&rounds, 1, __ATOMIC_SEQ_CST);
	if (once)
		__atomic_store_n(&job, NULL, __ATOMIC_SEQ_CST);
}

static void second_main(void) __attribute__((noreturn));
static void second_main(void)
{
	__asm__ volatile("fxsave %0" : "=m"(second_fpu));
	__atomic_store_n(&alive, 1, __ATOMIC_SEQ_CST);
	for (unsigned int idle = 0;;) {
		void (*fn)(void);

		__atomic_store_n(&busy, 1, __ATOMIC_SEQ_CST);
		fn = __atomic_load_n(&job, __ATOMIC_SEQ_CST);
		if (fn)
			work(fn);
		__atomic_store_n(&busy, 0, __ATOMIC_SEQ_CST);
		if (!fn && ++idle % 64 == 0)
			HC2(sched_op, SCHEDOP_yield, 0);
	}
}

struct vcpu_guest_context *second_context(void)
{
	static struct vcpu_guest_context c;

	memset(&c, 0, sizeof(c));
	c.flags = VGCF_in_kernel;
	c.user_regs.rip = (uint64_t)second_main;
	c.user_regs.rsp = (uint64_t)stack + sizeof(stack) - 8;
	c.user_regs.cs = FLAT_KERNEL_CS;
	c.user_regs.ss = FLAT_KERNEL_SS;
	c.user_regs.rflags = 0x202;
	c.kernel_ss = FLAT_KERNEL_SS;
	c.kernel_sp = (uint64_t)trap_stack + sizeof(trap_stack);
	c.ctrlreg[3] = virt_to_mfn((void *)start->pt_base) << 12;
	c.event_callback_eip = (uint64_t)event_stub;
	c.failsafe_callback_eip = (uint64_t)failsafe_stub;
	c.syscall_callback_eip = (uint64_t)syscall_stub;
	for (unsigned int i = 0; i < 32; i++)
		c.trap_ctxt[i] = (struct trap_info){
			.vector = (uint8_t)i,
			.flags = i == 3 || i == 4 ? 3 : 0,
			.cs = FLAT_KERNEL_CS,
			.address = (unsigned long)trap_stubs +
				   i * TRAP_STUB_SIZE,
		};
	return &c;
}

bool second_start(void)
{
	uint64_t end;

	if (alive)
		return true;
	if (HC3(vcpu_op, VCPUOP_is_up, 1, 0) != 0)
		return false;
	shared->vcpu_info[0].evtchn_upcall_mask = 1;
	shared->vcpu_info[1].evtchn_upcall_mask = 1;
	if (HC3(vcpu_op, VCPUOP_initialise, 1, second_context()) ||
	    HC3(vcpu_op, VCPUOP_up, 1, 0))
		return false;
	for (end = now() + 10 * RACE_NS; now() < end;)
		if (__atomic_load_n(&alive, __ATOMIC_SEQ_CST))
			return true;
	return false;
}

static void give(void (*fn)(void), bool single)
{
	second_stop();
	once = single;
	__atomic_store_n(&rounds, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&job, fn, __ATOMIC_SEQ_CST);
}

void second_run(void (*fn)(void))
{
	give(fn, false);
}

void second_begin(void (*fn)(void))
{
	give(fn, true);
}

void second_stop(void)
{
	__atomic_store_n(&job, NULL, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&busy, __ATOMIC_SEQ_CST))
		__asm__ volatile("pause");
}

void second_wait(void)
{
	while (__atomic_load_n(&job, __ATOMIC_SEQ_CST))
		__asm__ volatile("pause");
	second_stop();
}

unsigned long second_rounds(void)
{
	return __atomic_load_n(&rounds, __ATOMIC_SEQ_CST);
}

bool race(void (*mine)(void), void (*theirs)(void), unsigned long n)
{
	uint64_t end = now() + RACE_NS;

	second_run(theirs);
	for (unsigned long i = 0; i < n || second_rounds() < n; i++) {
		mine();
		if (now() > end)
			break;
	}
	second_stop();
	return second_rounds() > 0;
}
