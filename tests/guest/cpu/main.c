// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The processor as a PV guest sees it: exceptions and their frames, system
 * calls from user mode, privileged instructions, descriptors, debug registers,
 * segment bases, FPU state.
 *
 * Attacks covered: descriptor tables that hold gates or system segments
 * (XSA-298 class), breakpoints on the hypervisor (XSA-444 class), non-canonical
 * bases (XSA-193) and return addresses (XSA-7), iret to bad selectors, flags
 * that a guest must not set.
 */
#include "../lib/mg.h"

static void do_int3(void *p)
{
	(void)p;
	__asm__ volatile("int3");
}

static void do_ud2(void *p)
{
	(void)p;
	__asm__ volatile("ud2");
}

static void do_div0(void *p)
{
	(void)p;
	__asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; mov $1, %%eax;"
			 "div %%ecx" : : : "rax", "rcx", "rdx");
}

static void do_int80(void *p)
{
	(void)p;
	__asm__ volatile("int $0x80");
}

static void do_int21(void *p)
{
	(void)p;
	__asm__ volatile("int $0x21");
}

static void do_hlt(void *p)
{
	(void)p;
	__asm__ volatile("hlt");
}

static void do_rdmsr_bad(void *p)
{
	(void)p;
	__asm__ volatile("rdmsr" : : "c"(0xdeadbeef) : "rax", "rdx");
}

static void do_wrmsr_lstar(void *p)
{
	(void)p;
	__asm__ volatile("wrmsr" : : "c"(0xc0000082), "a"(0x1000), "d"(0));
}

static void do_lgdt(void *p)
{
	static uint8_t d[10];

	(void)p;
	__asm__ volatile("lgdt %0" : : "m"(d));
}

static void do_out(void *p)
{
	(void)p;
	__asm__ volatile("out %%al, $0x20" : : "a"(0x20));
}

static void do_load_bad_selector(void *p)
{
	(void)p;
	__asm__ volatile("mov %0, %%es" : : "r"(0xe008));
}

TEST(exceptions_arrive)
{
	CHECK_EQ(probe_call(do_int3, NULL), 3);
	CHECK_EQ(probe_call(do_ud2, NULL), 6);
	CHECK_EQ(probe_call(do_div0, NULL), 0);
	CHECK_EQ(probe_call(do_int80, NULL), V_SOFT);
}

TEST(unregistered_software_interrupt)
{
	CHECK_EQ(probe_call(do_int21, NULL), 13);
	/* QEMU before 8 shifts the vector by one bit too many. */
	if (last_error == (0x21 << 4 | 2))
		SKIP("this emulator gives a wrong error code");
	CHECK_EQ(last_error, 0x21 << 3 | 2);
}

TEST(privileged_instructions_fault)
{
	CHECK_EQ(probe_call(do_hlt, NULL), 13);
	CHECK_EQ(probe_call(do_rdmsr_bad, NULL), 13);
	CHECK_EQ(probe_call(do_lgdt, NULL), 13);
	CHECK_EQ(probe_call(do_load_bad_selector, NULL), 13);
}

TEST(lstar_is_not_ours)
{
	int v = probe_call(do_wrmsr_lstar, NULL);

	/* Refused or ignored, but system calls still work. */
	CHECK(v == 13 || v == -1);
	CHECK_EQ(HC2(xen_version, XENVER_version, 0), 4 << 16 | 17);
}

TEST(io_ports)
{
	if (!is_dom0)
		CHECK_EQ(probe_call(do_out, NULL), 13);
}

TEST(control_registers)
{
	uint64_t cr0, cr3, cr4;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	CHECK(cr0 & 0x80000001UL);
	CHECK_EQ(cr3 >> 12, virt_to_mfn((void *)start->pt_base));
	CHECK((cr4 & (1UL << 20)) == 0); /* SMEP is not for ring 3 kernels */
}

TEST(task_switched_flag)
{
	CHECK_EQ(HC1(fpu_taskswitch, 1), 0);
	last_vector = -1;
	__asm__ volatile("" : : : "memory");
	CHECK_EQ(HC1(fpu_taskswitch, 0), 0);
	__asm__ volatile("fnop");
	CHECK_EQ(last_vector, -1);
}

TEST(cpuid_forced)
{
	uint32_t a = 0x40000000, b, c, d;

	__asm__ volatile("ud2; .ascii \"xen\"; cpuid"
			 : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	CHECK(a >= 0x40000002);
	CHECK_EQ(b, 0x566e6558); /* "XenV" */
	CHECK_EQ(c, 0x65584d4d); /* "MMXe" */
	CHECK_EQ(d, 0x4d4d566e); /* "nVMM" */
	a = 0x40000001;
	__asm__ volatile("ud2; .ascii \"xen\"; cpuid"
			 : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	CHECK_EQ(a, 4 << 16 | 17);
}

TEST(debug_registers)
{
	uint64_t addr = (uint64_t)pages[30];

	CHECK_EQ(HC2(set_debugreg, 0, addr), 0);
	CHECK_EQ(HC1(get_debugreg, 0), addr);
	CHECK_EQ(HC2(set_debugreg, 0, HYPERVISOR_VIRT_START + 0x1000), -EPERM);
	CHECK(HC2(set_debugreg, 4, 1UL << 40) < 0);
	CHECK(HC2(set_debugreg, 9, 0) < 0);
	CHECK(HC2(set_debugreg, 7, 1UL << 40) < 0);
	CHECK_EQ(HC2(set_debugreg, 0, 0), 0);
}

static volatile unsigned int breakpoints;

static bool count_breakpoints(struct frame *f)
{
	breakpoints += f->vector == 1;
	return f->vector == 1;
}

TEST(breakpoint_on_data)
{
	CHECK_EQ(HC2(set_debugreg, 0, pages[30]), 0);
	CHECK_EQ(HC2(set_debugreg, 7, 0x000f0003 | 0x400), 0);
	trap_hook = count_breakpoints;
	CHECK_EQ(probe_write(pages[30], 5), -1);
	trap_hook = NULL;
	CHECK_EQ(breakpoints, 1);
	CHECK_EQ(HC2(set_debugreg, 7, 0x400), 0);
	CHECK_EQ(HC2(set_debugreg, 0, 0), 0);
	CHECK_EQ(probe_write(pages[30], 5), -1);
}

TEST(segment_bases)
{
	uint64_t v;

	*(uint64_t *)pages[31] = 0x1122334455667788UL;
	CHECK_EQ(HC2(set_segment_base, SEGBASE_FS, pages[31]), 0);
	__asm__ volatile("mov %%fs:0, %0" : "=r"(v));
	CHECK_EQ(v, 0x1122334455667788UL);
	CHECK_EQ(HC2(set_segment_base, SEGBASE_GS_KERNEL, pages[31]), 0);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(v));
	CHECK_EQ(v, 0x1122334455667788UL);
	CHECK(HC2(set_segment_base, SEGBASE_FS, 0x0000800000000000UL) < 0);
	CHECK(HC2(set_segment_base, SEGBASE_GS_USER, 0x8000000000000000UL) < 0);
	CHECK(HC2(set_segment_base, 9, 0) < 0);
	/* A selector that no guest may load ends up as the null one. */
	HC2(set_segment_base, SEGBASE_GS_USER_SEL, 0xe008);
}

static uint64_t gdt_page(void)
{
	return virt_to_mfn(pages[32]);
}

static long try_descriptor(uint64_t desc)
{
	xen_pfn_t f = gdt_page();
	long rc;

	if (make_writable(pages[32]))
		return 1;
	clear_page(pages[32]);
	((uint64_t *)pages[32])[2] = desc;
	if (make_readonly(pages[32]))
		return 2;
	rc = HC2(set_gdt, &f, 8);
	HC2(set_gdt, NULL, 0);
	return rc;
}

TEST(descriptor_tables)
{
	CHECK_EQ(try_descriptor(0), 0);
	CHECK_EQ(try_descriptor(0x00cff3000000ffffUL), 0); /* data, DPL 3 */
	CHECK_EQ(try_descriptor(0x00affb000000ffffUL), 0); /* code, DPL 3 */
	CHECK(try_descriptor(0x0000ee00e0080000UL) < 0); /* interrupt gate */
	CHECK(try_descriptor(0x0000e9000000ffffUL) < 0); /* TSS, DPL 3 */
	CHECK(try_descriptor(0x0000e2000000ffffUL) < 0); /* LDT */
	CHECK_EQ(make_writable(pages[32]), 0);
}

TEST(gdt_refusals)
{
	xen_pfn_t f = virt_to_mfn(pages[32]);

	CHECK_EQ(make_writable(pages[32]), 0);
	CHECK(HC2(set_gdt, &f, 8) < 0); /* mapped writable */
	CHECK(HC2(set_gdt, &f, 100000) < 0);
	f = 1UL << 45;
	CHECK(HC2(set_gdt, &f, 8) < 0);
	f = virt_to_mfn((void *)start->pt_base);
	CHECK(HC2(set_gdt, &f, 8) < 0);
}

TEST(update_descriptor)
{
	xen_pfn_t f = gdt_page();
	uint64_t at = f << 12;

	clear_page(pages[32]);
	CHECK_EQ(make_readonly(pages[32]), 0);
	CHECK_EQ(HC2(set_gdt, &f, 8), 0);
	CHECK_EQ(HC2(update_descriptor, at + 24, 0x00cff3000000ffffUL), 0);
	CHECK_EQ(((uint64_t *)pages[32])[3] & ~(1UL << 40),
		 0x00cff3000000ffffUL & ~(1UL << 40));
	CHECK(HC2(update_descriptor, at + 24, 0x0000e9000000ffffUL) < 0);
	CHECK(HC2(update_descriptor, at + 25, 0) < 0);
	CHECK(HC2(update_descriptor, 1UL << 51, 0) < 0);
	CHECK_EQ(make_writable(pages[32]) < 0, true);
	CHECK_EQ(HC2(set_gdt, NULL, 0), 0);
	CHECK_EQ(make_writable(pages[32]), 0);
}

TEST(fpu_survives)
{
	uint64_t v = 0x0123456789abcdefUL, w = 0;

	__asm__ volatile("movq %0, %%xmm5" : : "r"(v));
	for (unsigned int i = 0; i < 50; i++) {
		HC2(sched_op, SCHEDOP_yield, 0);
		HC2(xen_version, XENVER_version, 0);
	}
	__asm__ volatile("movq %%xmm5, %0" : "=r"(w));
	CHECK_EQ(v, w);
}

/* --- user mode --- */

uint8_t user_stack[4096] __attribute__((aligned(4096)));
static volatile uint64_t syscall_rax, syscall_cs, syscall_count;
uint64_t resume_rip, resume_rsp;

static bool on_user_trap(struct frame *f)
{
	if (f->vector == V_SYSCALL || f->vector == V_FAILSAFE ||
	    f->vector == 13 || f->vector == 14) {
		syscall_rax = f->rax;
		syscall_cs = f->cs;
		syscall_count++;
		/* Back into the kernel: RPL 0 towards the hypervisor. */
		f->cs = FLAT_KERNEL_CS & ~3UL;
		f->ss = FLAT_KERNEL_SS;
		f->rip = resume_rip;
		f->rsp = resume_rsp;
		return true;
	}
	return false;
}

/* Enter user mode at @rip by iret; returns when on_user_trap() has run. */
void enter_user(const void *rip, uint64_t rflags);
__asm__(".pushsection .text\n"
	"enter_user:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"lea 1f(%rip), %rax; mov %rax, resume_rip(%rip)\n"
	"mov %rsp, resume_rsp(%rip)\n"
	"push $0xe02b\n" /* FLAT_USER_SS */
	"lea user_stack + 4096(%rip), %rax; push %rax\n"
	"push %rsi\n"
	"push $0xe033\n" /* FLAT_USER_CS */
	"push %rdi\n"
	"push $0; push $0; push $0; push $0\n"
	"mov $23, %eax; syscall\n"
	"1: pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n"
	".popsection");

static long set_user_base(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_NEW_USER_BASEPTR };

	op.arg1.mfn = virt_to_mfn((void *)start->pt_base);
	return HC4(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static uint8_t trap_stack[8192] __attribute__((aligned(16)));

static long prepare_user(void)
{
	HC2(stack_switch, FLAT_KERNEL_SS, trap_stack + sizeof(trap_stack));
	trap_hook = on_user_trap;
	syscall_count = 0;
	return set_user_base();
}

extern const uint8_t user_syscall[], user_priv[];
__asm__(".pushsection .text\n"
	"user_syscall: mov $0x77, %eax; syscall; ud2\n"
	"user_priv: hlt; ud2\n"
	".popsection");

TEST(user_mode_syscall)
{
	CHECK_EQ(prepare_user(), 0);
	enter_user(user_syscall, 0x202);
	trap_hook = NULL;
	CHECK_EQ(syscall_count, 1);
	CHECK_EQ(syscall_rax, 0x77);
	CHECK_EQ(syscall_cs & 3, 3);
}

TEST(user_mode_fault)
{
	CHECK_EQ(prepare_user(), 0);
	enter_user(user_priv, 0x202);
	trap_hook = NULL;
	CHECK_EQ(syscall_count, 1);
	CHECK_EQ(last_vector, 13);
}

TEST(user_mode_bad_flags)
{
	CHECK_EQ(prepare_user(), 0);
	/* IOPL 3, NT, VM, interrupts off: none of it may take effect. */
	enter_user(user_priv, 0x27000 | 2);
	trap_hook = NULL;
	CHECK_EQ(syscall_count, 1);
	CHECK_EQ(last_vector, 13);
}

TEST(user_mode_non_canonical_return)
{
	CHECK_EQ(prepare_user(), 0);
	enter_user((void *)0x0000800000000000UL, 0x202);
	trap_hook = NULL;
	CHECK(syscall_count >= 1);
	CHECK_EQ(HC2(xen_version, XENVER_version, 0), 4 << 16 | 17);
}
