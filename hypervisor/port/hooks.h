/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Up-calls: what low rooms ask of higher ones.  The pointers are filled in
 * boot/rooms.c, or by a test; before that nothing happens.
 */
#ifndef PORT_HOOKS_H
#define PORT_HOOKS_H

#include <lib/types.h>

struct domain;
struct vcpu;

struct hooks {
	/* Raise a VIRQ of the host (VIRQ_DOM_EXC, VIRQ_CON_RING ...). */
	void (*host_virq)(uint32_t virq);
	/* Raise a per-vCPU VIRQ. */
	void (*vcpu_virq)(struct vcpu *v, uint32_t virq);
	/* A debug key: typed on the console, or XEN_SYSCTL_debug_keys. */
	void (*debug_key)(char c);
	/* A physical interrupt has come for @port of @d. */
	void (*pirq_arrived)(struct domain *d, uint32_t port);
	/* May @d have the host's interrupt @irq? */
	bool (*irq_allowed)(const struct domain *d, uint32_t irq);
	/* The last steps before a guest is entered. */
	void (*deliver_pending)(struct vcpu *v);
};
extern struct hooks hooks;

static inline void host_virq(uint32_t virq)
{
	if (hooks.host_virq)
		hooks.host_virq(virq);
}

static inline void debug_key(char c)
{
	if (hooks.debug_key)
		hooks.debug_key(c);
}

#endif
