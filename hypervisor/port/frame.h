/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contents of machine frames.  All RAM is in the direct map, so a mapping
 * costs an addition; frame_map() takes only frames below frame_limit() that
 * are RAM (callers have looked the frame up in the frame table).
 */
#ifndef PORT_FRAME_H
#define PORT_FRAME_H

#include <abi/memory.h>
#include <lib/types.h>

void *frame_map(mfn_t m);
mfn_t frame_of(const void *p); /* the inverse, for addresses in the direct map */
void frame_clear(mfn_t m); /* fill with zero */
void frame_copy(mfn_t dst, mfn_t src);

/* The machine-to-physical table that guests read at MACH2PHYS_VIRT_START. */
void m2p_set(mfn_t m, uint64_t pfn);
uint64_t m2p_get(mfn_t m);
#define M2P_INVALID (~0UL)

/* The frames that hold the M2P itself, 2 MiB each: for XENMEM_machphys_mfn_list. */
unsigned int m2p_extent_count(void);
mfn_t m2p_extent(unsigned int i);

/* Range @i of the machine's memory map; false beyond the last. */
bool machine_range(unsigned int i, struct abi_e820entry *out);

/* The hypervisor's 16 top-level entries, slots 256..271 of every guest's L4. */
#define HV_L4_FIRST 256
#define HV_L4_COUNT 16
const uint64_t *hv_l4_entries(void);

#endif
