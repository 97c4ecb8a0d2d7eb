/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment descriptors of guests, inside the pv room.
 */
#ifndef PV_SEGDESC_H
#define PV_SEGDESC_H

#include <pv/pv.h>

#define DESC_TYPE(d) ((d) >> 40 & 0xf)
#define DESC_S BIT(44) /* code or data, not a system descriptor */
#define DESC_DPL(d) ((d) >> 45 & 3)
#define DESC_DPL_MASK (3UL << 45)
#define DESC_P BIT(47)
#define DESC_L BIT(53) /* 64-bit code */

/*
 * Check one descriptor and raise its DPL to the guest's ring. False: it could
 * take a guest out of ring 3 (gates, TSS, LDT descriptors).
 */
bool segdesc_check(uint64_t *desc);

/* The base address in a descriptor. */
uint64_t segdesc_base(uint64_t desc);

/*
 * The descriptor that @sel names in @v's tables, as the CPU would find it; 0
 * (not present) for selectors beyond the table. @v runs here or is paused.
 */
uint64_t segdesc_lookup(struct vcpu *v, uint16_t sel);

/* True if @v's code segment is a 64-bit one. */
bool segdesc_is_code64(struct vcpu *v);

/* MMUEXT_SET_LDT: 0 or -EINVAL (unaligned, too long, hypervisor's range). */
int pv_set_ldt(struct vcpu *v, gva_t base, uint32_t entries);

#endif
