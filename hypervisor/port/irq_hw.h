/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt controllers.  A host interrupt ("irq") is a small integer: GSIs
 * are irqs 0 .. gsi_count() - 1 (ISA ones translated by the MADT's overrides),
 * MSIs are allocated above them.  irq/pirq.c sits on top.
 */
#ifndef PORT_IRQ_HW_H
#define PORT_IRQ_HW_H

#include <lib/types.h>

#define IRQ_MAX 1024

unsigned int irq_hw_gsi_count(void);

/*
 * Route @irq (a GSI) to the CPU @cpu, masked.  @level and @low give the
 * trigger and the polarity.  -EINVAL: no such pin; -EBUSY: it is the
 * hypervisor's own; -ENOSPC: no vector.
 */
int irq_hw_setup_gsi(unsigned int irq, bool level, bool low, unsigned int cpu);

/* A free irq and a vector for an MSI; returns the irq or -ENOSPC. */
int irq_hw_alloc_msi(unsigned int cpu);
void irq_hw_free(unsigned int irq);

/* The address and data words to program into the device for MSI @irq. */
void irq_hw_msi_message(unsigned int irq, uint64_t *addr, uint32_t *data);

void irq_hw_mask(unsigned int irq);
void irq_hw_unmask(unsigned int irq);
void irq_hw_set_cpu(unsigned int irq, unsigned int cpu);
bool irq_hw_is_level(unsigned int irq);

/*
 * Called by x86 for each guest-bound interrupt, with the LAPIC not yet
 * acknowledged for level GSIs (masked at the pin first, then acknowledged).
 * Implemented by irq/pirq.c.
 */
void irq_raised(unsigned int irq);

/* The guest is done with a level interrupt: unmask the pin. */
void irq_hw_eoi(unsigned int irq);

/* Direct IO-APIC register access for PHYSDEVOP_apic_read/write (dom0). */
int irq_hw_ioapic_read(uint64_t base, uint32_t reg, uint32_t *val);

/* PCI configuration space; width 1, 2 or 4; ECAM where the MCFG has it. */
uint32_t pci_hw_read(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg,
		     unsigned int width);
void pci_hw_write(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg,
		  unsigned int width, uint32_t val);

/* Port I/O on behalf of a domain that may (pv/emulate.c checked it). */
uint32_t io_port_read(uint16_t port, unsigned int width);
void io_port_write(uint16_t port, unsigned int width, uint32_t val);

/* Map device memory uncached into the hypervisor; never unmapped. */
volatile void *mmio_map(paddr_t p, size_t len);

/* Map RAM-like firmware tables (ACPI) for reading; valid until the next call
 * of acpi_unmap(). */
const void *acpi_map(paddr_t p, size_t len);
void acpi_unmap(const void *p);

#endif
