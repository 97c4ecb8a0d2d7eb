/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_hvm_op: the numbers of its commands and of the parameters of a
 * domain, the structure that carries a parameter, and what a kernel entered
 * by the PVH protocol finds in memory.  No state.
 */
#ifndef ABI_HVM_H
#define ABI_HVM_H

#include <abi/base.h>

#define HVMOP_set_param			0
#define HVMOP_get_param			1
#define HVMOP_flush_tlbs		5
#define HVMOP_pagetable_dying		9
#define HVMOP_get_time			10
#define HVMOP_xentrace			11
#define HVMOP_set_mem_access		12
#define HVMOP_get_mem_access		13
#define HVMOP_get_mem_type		15
#define HVMOP_set_evtchn_upcall_vector	23
#define HVMOP_guest_request_vm_event	24
#define HVMOP_altp2m			25

struct xen_hvm_param {
	domid_t domid;
	uint16_t pad;
	uint32_t index;			/* HVM_PARAM_* */
	uint64_t value;
};
typedef struct xen_hvm_param xen_hvm_param_t;
ABI_SIZE(struct xen_hvm_param, 16);
ABI_OFFSET(struct xen_hvm_param, domid, 0);
ABI_OFFSET(struct xen_hvm_param, pad, 2);
ABI_OFFSET(struct xen_hvm_param, index, 4);
ABI_OFFSET(struct xen_hvm_param, value, 8);

struct xen_hvm_evtchn_upcall_vector {
	uint32_t vcpu;
	uint8_t vector;
};
typedef struct xen_hvm_evtchn_upcall_vector xen_hvm_evtchn_upcall_vector_t;
ABI_SIZE(struct xen_hvm_evtchn_upcall_vector, 8);
ABI_OFFSET(struct xen_hvm_evtchn_upcall_vector, vcpu, 0);
ABI_OFFSET(struct xen_hvm_evtchn_upcall_vector, vector, 4);

/* ---- parameters ---- */

#define HVM_PARAM_CALLBACK_IRQ		0
#define HVM_PARAM_STORE_PFN		1
#define HVM_PARAM_STORE_EVTCHN		2
#define HVM_PARAM_PAE_ENABLED		4
#define HVM_PARAM_IOREQ_PFN		5
#define HVM_PARAM_BUFIOREQ_PFN		6
#define HVM_PARAM_VIRIDIAN		9
#define HVM_PARAM_TIMER_MODE		10
#define HVM_PARAM_HPET_ENABLED		11
#define HVM_PARAM_IDENT_PT		12
#define HVM_PARAM_DM_DOMAIN		13
#define HVM_PARAM_ACPI_S_STATE		14
#define HVM_PARAM_VM86_TSS		15
#define HVM_PARAM_VPT_ALIGN		16
#define HVM_PARAM_CONSOLE_PFN		17
#define HVM_PARAM_CONSOLE_EVTCHN	18
#define HVM_PARAM_ACPI_IOPORTS_LOCATION	19
#define HVM_PARAM_NESTEDHVM		24
#define HVM_PARAM_BUFIOREQ_EVTCHN	26
#define HVM_PARAM_PAGING_RING_PFN	27
#define HVM_PARAM_MONITOR_RING_PFN	28
#define HVM_PARAM_SHARING_RING_PFN	29
#define HVM_PARAM_TRIPLE_FAULT_REASON	31
#define HVM_PARAM_IOREQ_SERVER_PFN	32
#define HVM_PARAM_NR_IOREQ_SERVER_PAGES	33
#define HVM_PARAM_VM_GENERATION_ID_ADDR	34
#define HVM_PARAM_ALTP2M		35
#define HVM_PARAM_X87_FIP_WIDTH		36
#define HVM_PARAM_VM86_TSS_SIZED	37
#define HVM_PARAM_MCA_CAP		38
#define HVM_NR_PARAMS			39

/* HVM_PARAM_CALLBACK_IRQ: the type is in the top byte. */
#define HVM_PARAM_CALLBACK_IRQ_TYPE_MASK	0xFF00000000000000ULL
#define HVM_PARAM_CALLBACK_TYPE_GSI		0
#define HVM_PARAM_CALLBACK_TYPE_PCI_INTX	1
#define HVM_PARAM_CALLBACK_TYPE_VECTOR		2

#define HVMPTM_delay_for_missed_ticks		0
#define HVMPTM_no_delay_for_missed_ticks	1
#define HVMPTM_no_missed_ticks_pending		2
#define HVMPTM_one_missed_tick_pending		3

/* ---- the PVH entry ---- */

#define XEN_HVM_START_MAGIC_VALUE	0x336ec578

struct hvm_start_info {
	uint32_t magic;			/* XEN_HVM_START_MAGIC_VALUE */
	uint32_t version;
	uint32_t flags;			/* SIF_* */
	uint32_t nr_modules;
	uint64_t modlist_paddr;
	uint64_t cmdline_paddr;
	uint64_t rsdp_paddr;
	uint64_t memmap_paddr;		/* from version 1 on */
	uint32_t memmap_entries;
	uint32_t reserved;
};
ABI_SIZE(struct hvm_start_info, 56);
ABI_OFFSET(struct hvm_start_info, magic, 0);
ABI_OFFSET(struct hvm_start_info, version, 4);
ABI_OFFSET(struct hvm_start_info, flags, 8);
ABI_OFFSET(struct hvm_start_info, nr_modules, 12);
ABI_OFFSET(struct hvm_start_info, modlist_paddr, 16);
ABI_OFFSET(struct hvm_start_info, cmdline_paddr, 24);
ABI_OFFSET(struct hvm_start_info, rsdp_paddr, 32);
ABI_OFFSET(struct hvm_start_info, memmap_paddr, 40);
ABI_OFFSET(struct hvm_start_info, memmap_entries, 48);
ABI_OFFSET(struct hvm_start_info, reserved, 52);

struct hvm_modlist_entry {
	uint64_t paddr;
	uint64_t size;
	uint64_t cmdline_paddr;
	uint64_t reserved;
};
ABI_SIZE(struct hvm_modlist_entry, 32);
ABI_OFFSET(struct hvm_modlist_entry, paddr, 0);
ABI_OFFSET(struct hvm_modlist_entry, size, 8);
ABI_OFFSET(struct hvm_modlist_entry, cmdline_paddr, 16);
ABI_OFFSET(struct hvm_modlist_entry, reserved, 24);

#define XEN_HVM_MEMMAP_TYPE_RAM		1
#define XEN_HVM_MEMMAP_TYPE_RESERVED	2
#define XEN_HVM_MEMMAP_TYPE_ACPI	3
#define XEN_HVM_MEMMAP_TYPE_NVS		4
#define XEN_HVM_MEMMAP_TYPE_UNUSABLE	5
#define XEN_HVM_MEMMAP_TYPE_DISABLED	6
#define XEN_HVM_MEMMAP_TYPE_PMEM	7

struct hvm_memmap_table_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;			/* XEN_HVM_MEMMAP_TYPE_* */
	uint32_t reserved;
};
ABI_SIZE(struct hvm_memmap_table_entry, 24);
ABI_OFFSET(struct hvm_memmap_table_entry, addr, 0);
ABI_OFFSET(struct hvm_memmap_table_entry, size, 8);
ABI_OFFSET(struct hvm_memmap_table_entry, type, 16);
ABI_OFFSET(struct hvm_memmap_table_entry, reserved, 20);

#endif /* ABI_HVM_H */
