/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each room does when a domain or a vCPU comes and goes.  One ordered
 * table, filled in boot/rooms.c: made from the first entry to the last, taken
 * apart from the last to the first.  Any function may be absent.
 */
#ifndef DOMAIN_ROOMS_H
#define DOMAIN_ROOMS_H

#include <domain/domain.h>
#include <lib/budget.h>

struct room {
	const char *name;
	/* 0 or -errno; nothing is left behind on an error. */
	int (*domain_init)(struct domain *d, const struct domain_config *cfg);
	/*
	 * Let go of everything that refers to other domains, frames or the
	 * hardware. The domain does not run. -ERESTART when the budget ends:
	 * called again later, and must get on. Must be harmless to repeat.
	 */
	int (*teardown)(struct domain *d, struct budget *b);
	/* Free memory; no reference to the domain is left. */
	void (*domain_free)(struct domain *d);
	int (*vcpu_init)(struct vcpu *v);
	void (*vcpu_free)(struct vcpu *v);
};

extern const struct room rooms[];
extern const unsigned int room_count;

#endif
