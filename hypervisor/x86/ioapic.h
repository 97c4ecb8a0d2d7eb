/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IO-APIC pins by GSI: x86/ioapic.c. Callers hold irq.c's lock. */
#ifndef X86_IOAPIC_H
#define X86_IOAPIC_H

#include <lib/types.h>

/* Map all, mask all pins. 0 or -ENODEV. */
int ioapic_init(void);
unsigned int ioapic_gsi_count(void);
bool ioapic_has(unsigned int gsi);

/* Write the whole route, masked. */
void ioapic_route(unsigned int gsi, unsigned int vector, uint32_t apic_id,
		  bool level, bool low);
void ioapic_retarget(unsigned int gsi, uint32_t apic_id);
void ioapic_mask(unsigned int gsi, bool masked);
/* Register @reg of the one at @base; -ENODEV. */
int ioapic_read(uint64_t base, uint32_t reg, uint32_t *val);

#endif
