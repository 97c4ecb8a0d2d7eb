// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ways into and out of the hypervisor, taken by a guest that means no good:
 * returns to states that cannot be entered, selectors of the hypervisor's,
 * stacks that are none, debug exceptions on the edge of a system call, local
 * descriptors that are only mapped when the hardware looks at them.  Each test
 * asks that the guest alone meets the consequence and that hypercalls still
 * answer afterwards.
 */
#include "../lib/mg.h"

#define XEN_VERSION (4 << 16 | 17)
#define DESC_CODE64 0x00affb000000ffffUL
#define DESC_DATA 0x00cff3000000ffffUL
#define NON_CANONICAL 0x0000800000000000UL
#define LDT_SELECTOR(n) ((n) * 8 | 7)
#define KERNEL_LDT(n) ((n) * 8 | 4) /* IRET to RPL 3 would mean user mode */

static long alive(void)
{
	return HC2(xen_version, XENVER_version, 0);
}

/* --- IRET to anywhere --- */

uint64_t back_rip, back_rsp;
static volatile long seen_vector;
static volatile unsigned int seen_count;

/* Whatever came of it, continue after try_iret(). */
static bool back(struct frame *f)
{
	if (f->vector == V_EVENT)
		return false;
	seen_vector = (long)f->vector;
	seen_count++;
	f->cs = FLAT_KERNEL_CS & ~3UL;
	f->ss = FLAT_KERNEL_SS;
	f->rflags = 0x202;
	f->rip = back_rip;
	f->rsp = back_rsp;
	return true;
}

/* HYPERVISOR_iret with this frame; the trap that follows leads back here. */
void try_iret_asm(const struct iret_context *c);
__asm__(".pushsection .text\n"
	"try_iret_asm:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"lea 1f(%rip), %rax; mov %rax, back_rip(%rip)\n"
	"mov %rsp, back_rsp(%rip)\n"
	"mov %rdi, %rsp\n"
	"mov $23, %eax; syscall\n"
	"1: pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n"
	".popsection");

extern const uint8_t trap_here[];
__asm__(".pushsection .text; trap_here: ud2; .popsection");

static uint8_t iret_stack[4096] __attribute__((aligned(16)));

static long try_iret(uint64_t cs, uint64_t ss, uint64_t rip, uint64_t rflags)
{
	struct iret_context c = { .rip = rip, .cs = cs, .rflags = rflags,
				  .ss = ss };

	c.rsp = (uint64_t)iret_stack + sizeof(iret_stack);
	seen_vector = -1;
	seen_count = 0;
	trap_hook = back;
	try_iret_asm(&c);
	trap_hook = NULL;
	return seen_vector;
}

#define KERNEL_CS (FLAT_KERNEL_CS & ~3UL)
#define HERE ((uint64_t)trap_here)

TEST(iret_to_a_good_place)
{
	CHECK_EQ(try_iret(KERNEL_CS, FLAT_KERNEL_SS, HERE, 0x202), 6);
}

TEST(iret_to_missing_code_segments)
{
	static const uint16_t cs[] = { 0x1000, 0xdff8, 0xe008, 0xe010, 0xe028,
				       0xe040, 0xe050, 0xe060, 0xeff8, 0xf000,
				       0xfff8, 4, 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(cs); i++) {
		CHECK(try_iret(cs[i], FLAT_KERNEL_SS, HERE, 0x202) != 6);
		CHECK_EQ(seen_count, 1);
		CHECK_EQ(alive(), XEN_VERSION);
	}
}

TEST(iret_to_missing_stack_segments)
{
	static const uint16_t ss[] = { 0x1000, 0xe008, 0xe010, 0xe020, 0xe030,
				       0xe040, 0xf000, 7, 3, 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(ss); i++) {
		CHECK(try_iret(KERNEL_CS, ss[i], HERE, 0x202) != -1);
		CHECK_EQ(alive(), XEN_VERSION);
	}
}

TEST(iret_to_no_address)
{
	static const uint64_t rip[] = { NON_CANONICAL, 0xffff7fffffffffffUL,
					0x8000000000000000UL,
					HYPERVISOR_VIRT_START,
					0xffff82d040000000UL,
					0xffff81800002e000UL,
					HYPERVISOR_VIRT_END - 1 };

	for (unsigned int i = 0; i < ARRAY_SIZE(rip); i++) {
		CHECK(try_iret(KERNEL_CS, FLAT_KERNEL_SS, rip[i], 0x202) != 6);
		CHECK_EQ(alive(), XEN_VERSION);
	}
}

TEST(iret_with_every_flag)
{
	for (unsigned int bit = 0; bit < 22; bit++) {
		long v = try_iret(KERNEL_CS, FLAT_KERNEL_SS, HERE,
				  0x202 | 1UL << bit);

		if (v != 1)
			CHECK_EQ(v, 6);
		CHECK_EQ(alive(), XEN_VERSION);
	}
}

/* --- local descriptors --- */

static long set_ldt(const void *base, uint32_t entries)
{
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };

	op.arg1.linear_addr = (unsigned long)base;
	op.arg2.nr_ents = entries;
	return HC4(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static long make_ldt(void)
{
	uint64_t *ldt = (uint64_t *)pages[8];

	set_ldt(0, 0);
	make_writable(ldt);
	for (unsigned int i = 0; i < 512; i++)
		ldt[i] = i == 2 ? DESC_CODE64 : DESC_DATA;
	if (make_readonly(ldt))
		return -1;
	return set_ldt(ldt, 512);
}

static void drop_ldt(void)
{
	set_ldt(0, 0);
	make_writable(pages[8]);
}

static void load_es(void *p)
{
	__asm__ volatile("movl %0, %%es" : : "r"((uint32_t)(uint64_t)p));
}

TEST(ldt_is_found_when_used)
{
	CHECK_EQ(make_ldt(), 0);
	CHECK_EQ(probe_call(load_es, (void *)LDT_SELECTOR(1UL)), -1);
	load_es(NULL);
	/* Beyond its end: a fault of the guest's. */
	CHECK_EQ(set_ldt(pages[8], 4), 0);
	CHECK_EQ(probe_call(load_es, (void *)LDT_SELECTOR(3UL)), -1);
	CHECK_EQ(probe_call(load_es, (void *)LDT_SELECTOR(4UL)), 13);
	load_es(NULL);
	drop_ldt();
	CHECK_EQ(probe_call(load_es, (void *)LDT_SELECTOR(1UL)), 13);
	CHECK_EQ(alive(), XEN_VERSION);
}

TEST(iret_finds_the_ldt)
{
	CHECK_EQ(make_ldt(), 0);
	/* The first to look at the page is IRET itself. */
	CHECK_EQ(try_iret(KERNEL_LDT(2UL), FLAT_KERNEL_SS, HERE,
			  0x202), 6);
	CHECK_EQ(make_ldt(), 0);
	CHECK_EQ(try_iret(KERNEL_CS, LDT_SELECTOR(1UL), HERE, 0x202), 6);
	drop_ldt();
	CHECK(try_iret(KERNEL_LDT(2UL), FLAT_KERNEL_SS, HERE, 0x202) != 6);
	CHECK_EQ(alive(), XEN_VERSION);
}

TEST(ldt_page_that_is_not_there)
{
	uint64_t old = pte_machine(pages[9], 1);

	(void)old;
	/* Mapped nowhere, or writable: no descriptor is ever taken from it. */
	CHECK_EQ(set_ldt((void *)0x7000000000UL, 8), 0);
	CHECK(probe_call(load_es, (void *)LDT_SELECTOR(1UL)) != -1);
	CHECK(try_iret(KERNEL_LDT(1UL), FLAT_KERNEL_SS, HERE, 0x202) != 6);
	CHECK_EQ(set_ldt(pages[9], 8), 0);
	CHECK(probe_call(load_es, (void *)LDT_SELECTOR(1UL)) != -1);
	set_ldt(0, 0);
	CHECK_EQ(alive(), XEN_VERSION);
}

/* Instructions that ask of a descriptor and never fault for what it is. */
static void ask_lar(void *sel)
{
	__asm__ volatile("lar %0, %%eax" : : "r"((uint32_t)(uint64_t)sel)
			 : "rax", "cc");
}

static void ask_verr(void *sel)
{
	__asm__ volatile("verr %w0" : : "r"((uint32_t)(uint64_t)sel) : "cc");
}

/* They fault like an access to the page where the descriptor should be. */
TEST(asking_of_a_missing_ldt_page)
{
	static void (*const ask[])(void *) = { ask_lar, ask_verr };

	for (unsigned int i = 0; i < ARRAY_SIZE(ask); i++) {
		CHECK_EQ(make_ldt(), 0);
		CHECK_EQ(probe_call(ask[i], (void *)LDT_SELECTOR(3UL)), -1);
		drop_ldt();
		CHECK_EQ(set_ldt((void *)0x7000000000UL, 1024), 0);
		CHECK_EQ(probe_call(ask[i], (void *)LDT_SELECTOR(3UL)), 14);
		CHECK_EQ(last_cr2, 0x7000000018UL);
		CHECK_EQ(probe_call(ask[i], (void *)LDT_SELECTOR(515UL)), 14);
		CHECK_EQ(last_cr2, 0x7000001018UL);
		/* Beyond the end there is none, and no fault. */
		CHECK_EQ(probe_call(ask[i], (void *)LDT_SELECTOR(1024UL)), -1);
		set_ldt(0, 0);
		CHECK_EQ(probe_call(ask[i], (void *)LDT_SELECTOR(3UL)), -1);
	}
	CHECK_EQ(alive(), XEN_VERSION);
}

/* --- selectors of the hypervisor's --- */

static void load_ds(void *p)
{
	__asm__ volatile("movl %0, %%ds" : : "r"((uint32_t)(uint64_t)p));
}

static void load_ss(void *p)
{
	__asm__ volatile("movl %0, %%ss" : : "r"((uint32_t)(uint64_t)p));
}

TEST(hypervisor_selectors)
{
	static const uint16_t sel[] = { 0xe008, 0xe010, 0xe040, 0xe050, 0xe0fb,
					0xeffb, 0xf00b };

	for (unsigned int i = 0; i < ARRAY_SIZE(sel); i++) {
		CHECK(probe_call(load_ds, (void *)(uint64_t)sel[i]) != -1);
		CHECK(probe_call(load_ss, (void *)(uint64_t)sel[i]) != -1);
	}
	load_ds(NULL);
	CHECK_EQ(alive(), XEN_VERSION);
}

static void far_return(void *p)
{
	__asm__ volatile("push %0; lea 1f(%%rip), %%rax; push %%rax\n"
			 "lretq; 1:" : : "r"(p) : "rax", "memory");
}

TEST(far_returns_to_the_hypervisor)
{
	CHECK_EQ(probe_call(far_return, (void *)0xe008UL), 13);
	CHECK_EQ(probe_call(far_return, (void *)0xe040UL), 13);
	CHECK_EQ(alive(), XEN_VERSION);
}

TEST(hypervisor_memory)
{
	uint64_t v;

	CHECK_EQ(probe_read((void *)HYPERVISOR_VIRT_START, &v), -1);
	CHECK_EQ(probe_write((void *)HYPERVISOR_VIRT_START, 0), 14);
	CHECK_EQ(probe_exec((void *)HYPERVISOR_VIRT_START), 14);
	CHECK_EQ(probe_read((void *)0xffff82d040000000UL, &v), 14);
	CHECK_EQ(probe_read((void *)0xffff830000200000UL, &v), 14);
	CHECK_EQ(probe_read((void *)0xffff820000000000UL, &v), 14);
	CHECK_EQ(probe_read((void *)0xffff818000000000UL, &v), 14);
	CHECK_EQ(probe_write((void *)0xffff818000010000UL, 0), 14);
	CHECK_EQ(probe_exec((void *)0xffff81800002e000UL), 14);
	CHECK_EQ(alive(), XEN_VERSION);
}

/* --- the edge of a system call --- */

static long version_with_stack(uint64_t rsp)
{
	uint64_t keep;
	long r = __HYPERVISOR_xen_version;

	__asm__ volatile("mov %%rsp, %1; mov %2, %%rsp; syscall; mov %1, %%rsp"
			 : "+a"(r), "=&r"(keep)
			 : "r"(rsp), "D"(0UL), "S"(0UL)
			 : "rcx", "r11", "memory", "cc");
	return r;
}

TEST(system_call_without_a_stack)
{
	static const uint64_t rsp[] = { 0, 8, NON_CANONICAL,
					0x7fffffffffffffffUL,
					HYPERVISOR_VIRT_START + 8,
					0xffff818000025000UL, ~0UL };

	for (unsigned int i = 0; i < ARRAY_SIZE(rsp); i++)
		CHECK_EQ(version_with_stack(rsp[i]), XEN_VERSION);
}

static volatile unsigned int debug_count;

static bool count_debug(struct frame *f)
{
	if (f->vector != 1)
		return false;
	debug_count++;
	f->rflags &= ~0x100UL;
	return true;
}

/* A breakpoint that MOV SS holds back until the system call has been made. */
TEST(mov_ss_before_system_call)
{
	static volatile uint16_t ss = FLAT_KERNEL_SS;
	long r = __HYPERVISOR_xen_version;

	HC2(set_debugreg, 0, &ss);
	CHECK_EQ(HC2(set_debugreg, 7, 0x000b0001 | 2), 0);
	trap_hook = count_debug;
	debug_count = 0;
	__asm__ volatile("mov %1, %%ss; syscall"
			 : "+a"(r) : "m"(ss), "D"(0UL), "S"(0UL)
			 : "rcx", "r11", "memory", "cc");
	HC2(set_debugreg, 7, 0);
	trap_hook = NULL;
	CHECK_EQ(r, XEN_VERSION);
	r = __HYPERVISOR_xen_version;
	__asm__ volatile("mov %1, %%ss; int $0x82"
			 : "+a"(r) : "m"(ss), "D"(0UL), "S"(0UL)
			 : "rcx", "r11", "memory", "cc");
	CHECK_EQ(r, XEN_VERSION);
}

TEST(single_step_into_system_call)
{
	long r = __HYPERVISOR_xen_version;

	trap_hook = count_debug;
	debug_count = 0;
	__asm__ volatile("pushf; orl $0x100, (%%rsp); popf; syscall; nop; nop"
			 : "+a"(r) : "D"(0UL), "S"(0UL)
			 : "rcx", "r11", "memory", "cc");
	trap_hook = NULL;
	CHECK_EQ(r, XEN_VERSION);
	CHECK(debug_count >= 1);
}

extern const uint8_t user_sysenter[], user_int82[];
__asm__(".pushsection .text\n"
	"user_sysenter: pushf; orl $0x4100, (%rsp); popf; sysenter; ud2\n"
	"user_int82: int $0x82; ud2\n"
	".popsection");

static uint8_t kernel_stack[4096] __attribute__((aligned(16)));

static long user_tables(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_NEW_USER_BASEPTR };

	HC2(stack_switch, FLAT_KERNEL_SS, kernel_stack + sizeof(kernel_stack));
	op.arg1.mfn = virt_to_mfn((void *)start->pt_base);
	return HC4(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static long try_user(const void *rip)
{
	return try_iret(FLAT_USER_CS, FLAT_USER_SS, (uint64_t)rip, 0x202);
}

/* Nothing is registered, so it is a fault; and the flags do no harm. */
TEST(sysenter_with_flags)
{
	CHECK_EQ(user_tables(), 0);
	CHECK(try_user(user_sysenter) != -1);
	CHECK_EQ(alive(), XEN_VERSION);
}

/* User mode has no hypercalls. */
TEST(hypercall_interrupt_in_user_mode)
{
	CHECK_EQ(user_tables(), 0);
	CHECK_EQ(try_user(user_int82), 13);
	CHECK_EQ(alive(), XEN_VERSION);
}

static void int82(void *p)
{
	long r = __HYPERVISOR_xen_version;

	__asm__ volatile("int $0x82" : "+a"(r) : "D"(0UL), "S"(0UL)
			 : "memory");
	*(long *)p = r;
}

TEST(hypercall_by_interrupt)
{
	long r = 0;

	CHECK_EQ(probe_call(int82, &r), -1);
	CHECK_EQ(r, XEN_VERSION);
}

/* --- state that the CPU keeps --- */

static void wrfsbase(void *p)
{
	__asm__ volatile("wrfsbase %0" : : "r"(p));
}

TEST(bases_that_are_no_addresses)
{
	probe_call(wrfsbase, (void *)NON_CANONICAL);
	for (unsigned int i = 0; i < 20; i++)
		HC2(sched_op, SCHEDOP_yield, 0);
	CHECK_EQ(alive(), XEN_VERSION);
	probe_call(wrfsbase, NULL);
	CHECK(HC2(set_segment_base, SEGBASE_FS, NON_CANONICAL) != 0);
	CHECK(HC2(set_segment_base, SEGBASE_GS_USER, NON_CANONICAL) != 0);
}

static void x87_pending(void *p)
{
	static const uint16_t unmasked = 0x340;
	static const double zero;

	(void)p;
	__asm__ volatile("fninit; fldcw %0; fldl %1; fldl %1; fdivp"
			 : : "m"(unmasked), "m"(zero));
}

/* An exception that waits in the FPU while others run. */
TEST(pending_x87_exception)
{
	probe_call(x87_pending, NULL);
	for (unsigned int i = 0; i < 20; i++)
		HC2(sched_op, SCHEDOP_yield, 0);
	CHECK_EQ(alive(), XEN_VERSION);
	__asm__ volatile("fnclex; fninit");
}
