// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fake machine's devices, and what the hardware side keeps of a vCPU.
 * Nothing here does anything but remember.
 */
#include <stdlib.h>
#include <string.h>

#include <domain/domain.h>
#include <lib/assert.h>
#include <port/cpu.h>
#include <port/irq_hw.h>
#include <port/power.h>
#include <port/tlb.h>
#include <port/vcpu_hw.h>
#include <x86/x86.h>
#include "port_fake.h"

#define GSI_COUNT 24

/* --- vCPUs --- */

static struct vcpu *loaded[CPU_MAX];

int vcpu_hw_init(struct vcpu *v)
{
	v->hw.xsave = aligned_alloc(64, XSAVE_AREA_MAX);
	if (!v->hw.xsave)
		return -ENOMEM;
	memset(v->hw.xsave, 0, XSAVE_AREA_MAX);
	v->hw.xcr0 = 1;
	return 0;
}

void vcpu_hw_free(struct vcpu *v)
{
	free(v->hw.xsave);
	v->hw.xsave = NULL;
}

/* Translations of who ran before stay, as on a machine with lazy flushing. */
void vcpu_hw_switch(struct vcpu *prev, struct vcpu *next)
{
	struct vcpu **here = &loaded[cpu_id()];

	ASSERT(prev != next);
	for (unsigned int c = 0; c < cpu_count(); c++)
		ASSERT(!next->domain ||
		       __atomic_load_n(&loaded[c], __ATOMIC_SEQ_CST) != next);
	if (next->domain)
		__atomic_fetch_or(&next->domain->dirty_cpus, cpu_bit(cpu_id()),
				  __ATOMIC_SEQ_CST);
	if (prev->domain && prev->domain != next->domain) {
		tlb_flush(cpu_bit(cpu_id()), TLB_ALL_VA);
		__atomic_fetch_and(&prev->domain->dirty_cpus,
				   ~cpu_bit(cpu_id()), __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(here, next->domain ? next : NULL, __ATOMIC_SEQ_CST);
}

void *vcpu_hw_fpu_image(struct vcpu *v)
{
	return v->hw.xsave;
}

void vcpu_hw_swap_gs(struct vcpu *v)
{
	uint64_t base = v->hw.gs_base;

	v->hw.gs_base = v->hw.gs_base_user;
	v->hw.gs_base_user = base;
}

#define NOTHING(name)                      \
	void name(struct vcpu *v)          \
	{                                  \
		(void)v;                   \
	}

NOTHING(vcpu_hw_load_cr3)
NOTHING(vcpu_hw_load_gdt)
NOTHING(vcpu_hw_load_ldt)
NOTHING(vcpu_hw_load_debug)
NOTHING(vcpu_hw_load_bases)
NOTHING(vcpu_hw_save_bases)
NOTHING(vcpu_hw_load_seg)
NOTHING(vcpu_hw_load_xcr0)
NOTHING(vcpu_hw_load_cr4)

void vcpu_hw_map_ldt_page(struct vcpu *v, unsigned int page, mfn_t m)
{
	(void)v;
	(void)page;
	(void)m;
}

void vcpu_hw_load_gs_user(struct vcpu *v, uint16_t sel)
{
	(void)v;
	(void)sel;
}

void vcpu_hw_set_ts(struct vcpu *v, bool ts)
{
	(void)v;
	(void)ts;
}

/* --- the processor --- */

struct x86_features x86_features = { .nx = true, .paddr_bits = 36 };

uint16_t x86_console_port(unsigned int i)
{
	(void)i;
	return 0;
}

void x86_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	(void)subleaf;
	memset(out, 0, 4 * sizeof(out[0]));
	if (leaf == 0)
		out[0] = 7;
	if (leaf == 0x80000000)
		out[0] = 0x80000008;
}

int x86_rdmsr_safe(uint32_t msr, uint64_t *val)
{
	(void)msr;
	*val = 0;
	return -EFAULT;
}

int x86_wrmsr_safe(uint32_t msr, uint64_t val)
{
	(void)msr;
	(void)val;
	return -EFAULT;
}

const struct cpu_ident *cpu_ident(unsigned int cpu)
{
	static struct cpu_ident id[CPU_MAX];

	id[cpu] = (struct cpu_ident){ .apic_id = cpu * 2, .acpi_id = cpu };
	return &id[cpu];
}

void cache_flush(cpumask_t mask)
{
	(void)mask;
}

/* --- the end of the host: a test asks for it only by mistake --- */

void machine_restart(void)
{
	panic("the host was restarted");
}

void machine_halt(void)
{
	panic("the host was halted");
}

void machine_power_off_s5(uint16_t pm1a_val, uint16_t pm1b_val)
{
	(void)pm1a_val;
	(void)pm1b_val;
}

/* --- interrupts and devices --- */

unsigned int irq_hw_gsi_count(void)
{
	return GSI_COUNT;
}

int irq_hw_setup_gsi(unsigned int irq, bool level, bool low, unsigned int cpu)
{
	(void)level;
	(void)low;
	(void)cpu;
	return irq < GSI_COUNT ? 0 : -EINVAL;
}

int irq_hw_alloc_msi(unsigned int cpu)
{
	(void)cpu;
	return -ENOSPC;
}

void irq_hw_msi_message(unsigned int irq, uint64_t *addr, uint32_t *data)
{
	*addr = 0xfee00000;
	*data = irq;
}

#define NO_IRQ(name)                    \
	void name(unsigned int irq)     \
	{                               \
		(void)irq;              \
	}

NO_IRQ(irq_hw_free)
NO_IRQ(irq_hw_mask)
NO_IRQ(irq_hw_unmask)
NO_IRQ(irq_hw_eoi)

void irq_hw_set_cpu(unsigned int irq, unsigned int cpu)
{
	(void)irq;
	(void)cpu;
}

bool irq_hw_is_level(unsigned int irq)
{
	return irq >= 16;
}

int irq_hw_ioapic_read(uint64_t base, uint32_t reg, uint32_t *val)
{
	(void)base;
	(void)reg;
	*val = 0;
	return -ENODEV;
}

uint32_t pci_hw_read(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg,
		     unsigned int width)
{
	(void)seg;
	(void)bus;
	(void)devfn;
	(void)reg;
	return width == 4 ? ~0U : (1U << 8 * width) - 1;
}

void pci_hw_write(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg,
		  unsigned int width, uint32_t val)
{
	(void)seg;
	(void)bus;
	(void)devfn;
	(void)reg;
	(void)width;
	(void)val;
}

uint32_t io_port_read(uint16_t port, unsigned int width)
{
	(void)port;
	return width == 4 ? ~0U : (1U << 8 * width) - 1;
}

void io_port_write(uint16_t port, unsigned int width, uint32_t val)
{
	(void)port;
	(void)width;
	(void)val;
}

volatile void *mmio_map(paddr_t p, size_t len)
{
	(void)p;
	(void)len;
	return NULL;
}

const void *acpi_map(paddr_t p, size_t len)
{
	(void)p;
	(void)len;
	return NULL;
}

void acpi_unmap(const void *p)
{
	(void)p;
}
