/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake interrupt controller, and a fake device 00:05.0 with MSI at 0x50 and
 * MSI-X at 0x70, whose table of 8 entries is in BAR 0.  Link with a weakened
 * port_fake_hw.o.
 */
#ifndef IRQ_FAKE_H
#define IRQ_FAKE_H

#include <port/irq_hw.h>

#define IRQ_FAKE_GSIS 24
#define IRQ_FAKE_OWN 2 /* a line that is the hypervisor's */
#define IRQ_FAKE_DEVFN 0x28
#define IRQ_FAKE_TABLE 0xfebf0000UL /* BAR 0 */

struct irq_fake_line {
	bool routed, level, masked, used;
	unsigned int unmasks, cpu;
};
extern struct irq_fake_line irq_fake[IRQ_MAX];

/* The line is raised; it must not be masked. */
void irq_fake_arrive(unsigned int irq);
extern uint8_t irq_fake_config[256];
extern uint32_t irq_fake_table[8 * 4];
extern bool irq_fake_no_mmio; /* nothing more can be mapped */
/* The device as it is after power-on. */
void irq_fake_device(void);

#endif
