/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: ports of a domain, bound to another domain's port, a virtual
 * or physical interrupt, or a vCPU; delivered through one of two guest-visible
 * layouts (2-level bitmaps, FIFO queues).
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <domain/domain.h>
#include <lib/budget.h>

int evtchn_domain_init(struct domain *d, uint32_t max_port);
/* Close all ports; -ERESTART when the budget ends. */
int evtchn_domain_teardown(struct domain *d, struct budget *b);
void evtchn_domain_free(struct domain *d);
/* How many ports @d has bound or reserved just now. */
uint32_t evtchn_count(const struct domain *d);
int evtchn_vcpu_init(struct vcpu *v);
void evtchn_vcpu_free(struct vcpu *v);

/* Raise a virtual interrupt: per-vCPU ones, or a domain's global one. */
void evtchn_send_virq(struct vcpu *v, uint32_t virq);
void evtchn_send_global_virq(struct domain *d, uint32_t virq);
/* The host's global VIRQs (VIRQ_DOM_EXC, VIRQ_CON_RING...): to dom0, or to
 * the domain that XEN_DOMCTL_set_virq_handler named. */
void evtchn_send_host_virq(uint32_t virq);
int evtchn_set_virq_handler(struct domain *d, uint32_t virq);

/* Physical interrupts, for irq/pirq.c. */
void evtchn_send_port(struct domain *d, uint32_t port);

/* Toolstack-made ports: EVTCHNOP_alloc_unbound on behalf of @d (dom0 build). */
int evtchn_alloc_unbound(struct domain *d, uint16_t remote, uint32_t *port);

/* EVTCHNOP_send from inside the hypervisor (ioreq, console). */
int evtchn_notify(struct domain *d, uint32_t port);

/* True if @port of @d is pending (SCHEDOP_poll). -EINVAL: no such port. */
int evtchn_port_pending(struct domain *d, uint32_t port);

/* True if an upcall is due: pending and not masked. Lock-free, hot. */
static inline bool evtchn_upcall_due(const struct vcpu *v)
{
	return READ_ONCE(v->info->evtchn_upcall_pending) &&
	       !READ_ONCE(v->info->evtchn_upcall_mask);
}

/* The vcpu_info has moved: mark what may have been missed. */
void evtchn_vcpu_info_moved(struct vcpu *v);

/* XEN_DOMCTL: soft limits. */
void evtchn_set_max_port(struct domain *d, uint32_t max_port);

/* EVTCHNOP_reset, also by domctl. -ERESTART. */
int evtchn_reset(struct domain *d, struct budget *b);

#endif
