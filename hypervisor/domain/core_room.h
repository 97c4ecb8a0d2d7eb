/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domain room's own entry in the table of rooms. */
#ifndef DOMAIN_CORE_ROOM_H
#define DOMAIN_CORE_ROOM_H

#include <domain/domain.h>
#include <lib/budget.h>

int core_domain_init(struct domain *d, const struct domain_config *cfg);
int core_vcpu_init(struct vcpu *v);
int core_teardown(struct domain *d, struct budget *b);
void core_domain_free(struct domain *d);

#endif
