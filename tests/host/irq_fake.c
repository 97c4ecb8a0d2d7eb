// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A fake interrupt controller and one PCI device with MSI and MSI-X, in place
 * of the nothing of port_fake_hw.c: see irq_fake.h.
 */
#include <string.h>
#include <irq/irq.h>
#include <lib/assert.h>
#include "irq_fake.h"

/* --- the controller --- */

struct irq_fake_line irq_fake[IRQ_MAX];

unsigned int irq_hw_gsi_count(void)
{
	return IRQ_FAKE_GSIS;
}

int irq_hw_setup_gsi(unsigned int irq, bool level, bool low, unsigned int cpu)
{
	(void)low;
	if (irq >= IRQ_FAKE_GSIS)
		return -EINVAL;
	if (irq == IRQ_FAKE_OWN)
		return -EBUSY;
	irq_fake[irq].routed = irq_fake[irq].masked = true;
	irq_fake[irq].level = level;
	irq_fake[irq].cpu = cpu;
	return 0;
}

int irq_hw_alloc_msi(unsigned int cpu)
{
	for (int i = IRQ_FAKE_GSIS; i < IRQ_FAKE_GSIS + 4; i++)
		if (!irq_fake[i].used) {
			irq_fake[i].used = true;
			irq_fake[i].cpu = cpu;
			return i;
		}
	return -ENOSPC;
}

void irq_hw_free(unsigned int irq)
{
	ASSERT(irq_fake[irq].used);
	irq_fake[irq].used = false;
}

void irq_hw_msi_message(unsigned int irq, uint64_t *addr, uint32_t *data)
{
	*addr = 0xfee00000 | irq_fake[irq].cpu << 12;
	*data = irq;
}

void irq_hw_mask(unsigned int irq)
{
	irq_fake[irq].masked = true;
}

void irq_hw_unmask(unsigned int irq)
{
	irq_fake[irq].masked = false;
	irq_fake[irq].unmasks++;
}

void irq_hw_eoi(unsigned int irq)
{
	if (irq_fake[irq].level)
		irq_hw_unmask(irq);
}

void irq_hw_set_cpu(unsigned int irq, unsigned int cpu)
{
	irq_fake[irq].cpu = cpu;
}

bool irq_hw_is_level(unsigned int irq)
{
	return irq_fake[irq].level;
}

/* As x86 does it. */
void irq_fake_arrive(unsigned int irq)
{
	ASSERT(!irq_fake[irq].masked);
	if (irq_fake[irq].level)
		irq_fake[irq].masked = true;
	irq_raised(irq);
}

/* --- the device --- */

uint8_t irq_fake_config[256];
uint32_t irq_fake_table[8 * 4];

uint32_t pci_hw_read(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg,
		     unsigned int width)
{
	uint32_t v = 0;

	if (seg || bus || devfn != IRQ_FAKE_DEVFN ||
	    reg + width > sizeof(irq_fake_config))
		return ~0U;
	memcpy(&v, irq_fake_config + reg, width);
	return v;
}

void pci_hw_write(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg,
		  unsigned int width, uint32_t val)
{
	ASSERT(!seg && !bus && devfn == IRQ_FAKE_DEVFN);
	memcpy(irq_fake_config + reg, &val, width);
}

bool irq_fake_no_mmio;

volatile void *mmio_map(paddr_t p, size_t len)
{
	if (irq_fake_no_mmio)
		return NULL;
	ASSERT(p == IRQ_FAKE_TABLE + 0x800);
	ASSERT(len == sizeof(irq_fake_table));
	return irq_fake_table;
}

void irq_fake_device(void)
{
	static const uint8_t head[] = { 0x86, 0x80, 0x34, 0x12, 2, 0, 0x10, 0 };
	static const uint8_t msi[] = { 0x05, 0x70, 0x80, 0 };
	static const uint8_t msix[] = { 0x11, 0x50, 7, 0, 0, 8, 0, 0 };

	memset(irq_fake_config, 0, sizeof(irq_fake_config));
	memcpy(irq_fake_config, head, sizeof(head));
	memcpy(irq_fake_config + 0x10, (uint8_t[]){ 0, 0, 0xbf, 0xfe }, 4);
	irq_fake_config[0x34] = 0x50;
	memcpy(irq_fake_config + 0x50, msi, sizeof(msi));
	memcpy(irq_fake_config + 0x70, msix, sizeof(msix)); /* the list is a ring */
}
