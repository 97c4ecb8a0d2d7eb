/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical interrupts of domains: a pirq is a domain's number for a host irq.
 */
#ifndef IRQ_IRQ_H
#define IRQ_IRQ_H

#include <domain/domain.h>

int irq_domain_init(struct domain *d);
void irq_domain_free(struct domain *d); /* unbinds and unmaps everything */

/* From EVTCHNOP_bind_pirq / close: @pirq now raises @port on @v's CPU. */
int pirq_bind(struct domain *d, uint32_t pirq, uint32_t port, struct vcpu *v,
	      bool will_share);
void pirq_unbind(struct domain *d, uint32_t pirq);
/* The guest unmasked the port, or said PHYSDEVOP_eoi. */
void pirq_eoi(struct domain *d, uint32_t pirq);
void pirq_set_cpu(struct domain *d, uint32_t pirq, unsigned int cpu);

/* The console ring of the log, and input from the UART. irq/console.c */
void console_rx(char c);
int console_read_log(char *buf, uint32_t len, bool clear, uint32_t *index,
		     uint32_t *count);

/* PCI devices known (PHYSDEVOP_pci_device_add). */
struct pci_dev_info {
	uint16_t seg;
	uint8_t bus, devfn;
};
int pci_count(void);

#endif
