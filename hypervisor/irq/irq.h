/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical interrupts of domains: a pirq is a domain's number for a host irq.
 * PCI devices as far as interrupts go.  The console that the control domain
 * writes to and reads from.
 */
#ifndef IRQ_IRQ_H
#define IRQ_IRQ_H

#include <domain/domain.h>

#define PIRQ_MAX 1024 /* pirq numbers of a domain */

int irq_domain_init(struct domain *d);
/* Unbinds and unmaps everything; harmless to repeat. */
void irq_domain_free(struct domain *d);

/*
 * From EVTCHNOP_bind_pirq / close: @pirq now raises @port on @v's CPU.
 * -EINVAL: not mapped; -EBUSY: bound already; -EPERM.
 */
int pirq_bind(struct domain *d, uint32_t pirq, uint32_t port, struct vcpu *v,
	      bool will_share);
void pirq_unbind(struct domain *d, uint32_t pirq);
/* The guest is done with a level interrupt: PHYSDEVOP_eoi. */
void pirq_eoi(struct domain *d, uint32_t pirq);
void pirq_set_cpu(struct domain *d, uint32_t pirq, unsigned int cpu);

/*
 * Give @d the GSI @gsi as @pirq (negative: any). The pirq or -errno. For
 * PHYSDEVOP_map_pirq, and for a toolstack's XEN_DOMCTL_irq_permission users.
 */
int pirq_map_gsi(struct domain *d, int gsi, int pirq);
int pirq_unmap(struct domain *d, uint32_t pirq);

/* --- the console: irq/console.c --- */

/* Input from the UART; no lock is held. */
void console_rx(char c);
/* Send what is typed to the control domain, or to debug_key(). */
void console_switch_input(bool to_hypervisor);

/* --- the log ring: irq/conring.c --- */

/* First of all boot steps: what is logged from now on is kept. */
int conring_init(void);
/* Once there is a heap: as large as conring_size= says. */
int conring_resize(void);
/*
 * XEN_SYSCTL_readconsole. Text is numbered by bytes since boot (modulo 2^32).
 * Copies from *@index on, or from the oldest byte that is left (and has not
 * been cleared) if that is later; *@index is set to where that was. Returns
 * the number of bytes. @clear: all up to now is not shown to later reads that
 * start at 0.
 */
int console_read_log(char *buf, uint32_t len, bool clear, uint32_t *index,
		     uint32_t *count);

/* --- PCI devices: irq/pci.c --- */

/* How many the control domain has told us of. */
int pci_count(void);

#endif
