// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Descriptor tables.  State: one IDT for all CPUs, written once; for each CPU
 * a page of GDT (the selectors that Xen's guests know, TSS, LDT) that lies
 * behind the guest's 14 pages in the CPU's GDT window, and a TSS.
 */
#include <domain/domain.h>
#include <lib/assert.h>
#include <x86/desc.h>
#include <x86/features.h>
#include <x86/insn.h>
#include <x86/percpu.h>
#include <x86/x86.h>

#define GATE_INTERRUPT 0x8e00UL
#define GATE_DPL3 0x6000UL

#define SEG_CODE64 0x00af9b000000ffffUL /* DPL 0, accessed */
#define SEG_DATA 0x00cf93000000ffffUL
#define SEG_USER_CODE32 0x00cffb000000ffffUL
#define SEG_USER_DATA 0x00cff3000000ffffUL
#define SEG_USER_CODE64 0x00affb000000ffffUL
#define SEG_TSS 0x0000890000000000UL
#define SEG_LDT 0x0000820000000000UL

struct gate {
	uint64_t low, high;
};

struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static struct gate idt[256] __attribute__((aligned(PAGE_SIZE)));

extern char idt_stubs[][16];
extern char stub_syscall[], stub_syscall32[], stub_sysenter[], _stub_start[];

static void set_gate(unsigned int vector, unsigned int ist, uint64_t dpl)
{
	uint64_t target = (uint64_t)idt_stubs[vector];

	idt[vector].low = (target & 0xffff) | (uint64_t)SEL_HV_CS << 16 |
			  (uint64_t)ist << 32 |
			  (GATE_INTERRUPT | dpl) << 32 |
			  (target >> 16 & 0xffff) << 48;
	idt[vector].high = target >> 32;
}

static void fill_idt(void)
{
	static const struct {
		uint8_t vector, ist;
	} own_stack[] = { { VEC_NMI, 1 }, { VEC_DF, 2 }, { VEC_MC, 3 },
			  { VEC_DB, 4 } };
	static const uint8_t guest_may[] = { 3, 4, VEC_FAST_TRAP,
					     VEC_HYPERCALL };

	for (unsigned int i = 0; i < 256; i++)
		set_gate(i, 0, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(own_stack); i++)
		set_gate(own_stack[i].vector, own_stack[i].ist, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(guest_may); i++)
		set_gate(guest_may[i], 0, GATE_DPL3);
}

/* A 16-byte system descriptor. */
static void set_system(uint64_t *gdt, unsigned int selector, uint64_t base,
		       uint32_t limit, uint64_t type)
{
	uint64_t *e = &gdt[(selector & 0xfff) / 8];

	e[0] = type | (limit & 0xffff) | (base & 0xffffff) << 16 |
	       (uint64_t)(limit >> 16 & 0xf) << 48 | (base >> 24 & 0xff) << 56;
	e[1] = base >> 32;
}

static void fill_gdt(uint64_t *gdt, unsigned int cpu)
{
	gdt[(SEL_HV_CS & 0xfff) / 8] = SEG_CODE64;
	gdt[(SEL_HV_DS & 0xfff) / 8] = SEG_DATA;
	gdt[(SEL_USER_CS32 & 0xfff) / 8] = SEG_USER_CODE32;
	gdt[(SEL_USER_DS & 0xfff) / 8] = SEG_USER_DATA;
	gdt[(SEL_USER_CS64 & 0xfff) / 8] = SEG_USER_CODE64;
	set_system(gdt, SEL_TSS, (uint64_t)&percpu_of(cpu)->tss,
		   sizeof(struct tss) - 1, SEG_TSS);
}

static void fill_tss(struct tss *t, unsigned int cpu)
{
	static const uint8_t page[] = { CPU_NMI_PAGE, CPU_DF_PAGE, CPU_MC_PAGE,
					CPU_DB_PAGE };

	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		t->ist[i] = cpu_area(cpu) + (page[i] + 1) * PAGE_SIZE;
	t->rsp0 = cpu_stack_top(cpu);
	t->iomap_base = sizeof(*t); /* beyond the limit: no port is allowed */
}

static void load_segments(void)
{
	__asm__ volatile("pushq %0\n"
			 "leaq 1f(%%rip), %%rax\n"
			 "pushq %%rax\n"
			 "lretq\n"
			 "1: mov %1, %%ss\n"
			 "mov %2, %%ds\n"
			 "mov %2, %%es\n"
			 "mov %2, %%fs\n"
			 "mov %2, %%gs\n"
			 : : "i"(SEL_HV_CS), "r"(SEL_HV_DS), "r"(0)
			 : "rax", "memory");
}

void desc_cpu_init(unsigned int cpu)
{
	struct percpu *p = percpu_of(cpu);
	struct table_register gdtr = { 15 * PAGE_SIZE - 1, cpu_area(cpu) };
	struct table_register idtr = { sizeof(idt) - 1, (uint64_t)idt };

	p->cpu = cpu;
	p->gdt = (uint64_t *)(cpu_area(cpu) + 14 * PAGE_SIZE);
	fill_gdt(p->gdt, cpu);
	fill_tss(&p->tss, cpu);
	if (cpu == 0)
		fill_idt();
	__asm__ volatile("lgdt %0" : : "m"(gdtr));
	load_segments();
	__asm__ volatile("lidt %0" : : "m"(idtr));
	__asm__ volatile("ltr %0" : : "r"((uint16_t)SEL_TSS));
	__asm__ volatile("lldt %0" : : "r"((uint16_t)0));
}

static uint64_t stub_at(const char *entry)
{
	return cpu_area(cpu_id()) + CPU_STUB_PAGE * PAGE_SIZE +
	       (uint64_t)(entry - _stub_start);
}

void desc_syscall_init(void)
{
	wrmsr(MSR_STAR, (uint64_t)SEL_USER_CS32 << 48 |
				(uint64_t)SEL_HV_CS << 32);
	wrmsr(MSR_LSTAR, stub_at(stub_syscall));
	wrmsr(MSR_CSTAR, stub_at(stub_syscall32));
	wrmsr(MSR_SFMASK, FLAG_TF | FLAG_IF | FLAG_DF | FLAG_IOPL | FLAG_NT |
				  FLAG_RF | FLAG_VM | FLAG_AC);
	if (!x86_features.sep)
		return;
	wrmsr(MSR_SYSENTER_CS, SEL_HV_CS);
	wrmsr(MSR_SYSENTER_ESP, cpu_area(cpu_id()) + CPU_STACK_TOP);
	wrmsr(MSR_SYSENTER_EIP, stub_at(stub_sysenter));
}

void desc_set_vcpu(struct vcpu *v)
{
	uint64_t end = (uint64_t)&v->regs.es;

	ASSERT(IS_ALIGNED(end, 16));
	this_percpu()->tss.rsp0 = end;
	v->hw.stack_top = cpu_stack_top(this_percpu()->cpu);
}

void desc_load_ldt(unsigned int entries)
{
	struct percpu *p = this_percpu();

	if (!entries) {
		__asm__ volatile("lldt %0" : : "r"((uint16_t)0));
		return;
	}
	set_system(p->gdt, SEL_LDT, cpu_area(p->cpu) + CPU_LDT_PAGE * PAGE_SIZE,
		   entries * 8 - 1, SEG_LDT);
	__asm__ volatile("lldt %0" : : "r"((uint16_t)SEL_LDT));
}
