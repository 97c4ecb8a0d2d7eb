/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map that a guest's builder left for it: pv.memory_map. */
#ifndef PV_MEMORY_MAP_H
#define PV_MEMORY_MAP_H

#include <domain/domain.h>

/* No reference to @d is left. hypercall/memory_op_map.c */
void memory_map_free(struct domain *d);

#endif
