/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_memory_op: how much memory a domain has, which frames, and where
 * special frames appear.  The upper bits of the command carry progress when
 * a call restarts.  No state.
 */
#ifndef ABI_MEMORY_H
#define ABI_MEMORY_H

#include <abi/base.h>
#include <abi/physdev.h>

#define XENMEM_increase_reservation		0
#define XENMEM_decrease_reservation		1
#define XENMEM_maximum_ram_page			2	/* highest frame + 1 */
#define XENMEM_current_reservation		3
#define XENMEM_maximum_reservation		4
#define XENMEM_machphys_mfn_list		5
#define XENMEM_populate_physmap			6
#define XENMEM_add_to_physmap			7
#define XENMEM_memory_map			9
#define XENMEM_machine_memory_map		10
#define XENMEM_exchange				11
#define XENMEM_machphys_mapping			12
#define XENMEM_set_memory_map			13
#define XENMEM_maximum_gpfn			14
#define XENMEM_remove_from_physmap		15
#define XENMEM_set_pod_target			16
#define XENMEM_get_pod_target			17
#define XENMEM_get_sharing_freed_pages		18
#define XENMEM_get_sharing_shared_pages		19
#define XENMEM_paging_op			20
#define XENMEM_access_op			21
#define XENMEM_sharing_op			22
#define XENMEM_add_to_physmap_batch		23
#define XENMEM_claim_pages			24
#define XENMEM_machphys_compat_mfn_list		25
#define XENMEM_get_vnumainfo			26
#define XENMEM_reserved_device_memory_map	27
#define XENMEM_acquire_resource			28

/* ---- reservations ---- */

/* mem_flags: address width wanted, node wanted, and how strongly. */
#define XENMEMF_address_bits(x)		(x)
#define XENMEMF_get_address_bits(x)	((x) & 0xffu)
#define XENMEMF_node(x)			(((x) + 1) << 8)
#define XENMEMF_get_node(x)		((((x) >> 8) - 1) & 0xffu)
#define XENMEMF_populate_on_demand	(1 << 16)
#define XENMEMF_exact_node_request	(1 << 17)
#define XENMEMF_exact_node(n)		(XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode			(1 << 18)

/* The return value is the number of whole extents that were done. */
struct xen_memory_reservation {
	GUEST_HANDLE(xen_pfn_t) extent_start;
	xen_ulong_t nr_extents;
	unsigned int extent_order;	/* 2^order frames each */
	unsigned int mem_flags;		/* XENMEMF_* */
	domid_t domid;
};
typedef struct xen_memory_reservation xen_memory_reservation_t;
ABI_SIZE(struct xen_memory_reservation, 32);
ABI_OFFSET(struct xen_memory_reservation, extent_start, 0);
ABI_OFFSET(struct xen_memory_reservation, nr_extents, 8);
ABI_OFFSET(struct xen_memory_reservation, extent_order, 16);
ABI_OFFSET(struct xen_memory_reservation, mem_flags, 20);
ABI_OFFSET(struct xen_memory_reservation, domid, 24);

/* Gives up frames and gets as many others, of another shape. */
struct xen_memory_exchange {
	struct xen_memory_reservation in;
	struct xen_memory_reservation out;
	xen_ulong_t nr_exchanged;	/* IN: 0.  OUT: frames of in done */
};
typedef struct xen_memory_exchange xen_memory_exchange_t;
ABI_SIZE(struct xen_memory_exchange, 72);
ABI_OFFSET(struct xen_memory_exchange, in, 0);
ABI_OFFSET(struct xen_memory_exchange, out, 32);
ABI_OFFSET(struct xen_memory_exchange, nr_exchanged, 64);

/* For current_reservation, maximum_reservation, maximum_gpfn. */
struct xen_memory_domain {
	domid_t domid;
};
ABI_SIZE(struct xen_memory_domain, 2);
ABI_OFFSET(struct xen_memory_domain, domid, 0);

/* ---- the machine-to-physical table ---- */

struct xen_machphys_mfn_list {
	unsigned int max_extents;
	GUEST_HANDLE(xen_pfn_t) extent_start;	/* one frame per 2 MiB */
	unsigned int nr_extents;	/* OUT */
};
typedef struct xen_machphys_mfn_list xen_machphys_mfn_list_t;
ABI_SIZE(struct xen_machphys_mfn_list, 24);
ABI_OFFSET(struct xen_machphys_mfn_list, max_extents, 0);
ABI_OFFSET(struct xen_machphys_mfn_list, extent_start, 8);
ABI_OFFSET(struct xen_machphys_mfn_list, nr_extents, 16);

struct xen_machphys_mapping {
	xen_ulong_t v_start, v_end;
	xen_ulong_t max_mfn;
};
typedef struct xen_machphys_mapping xen_machphys_mapping_t;
ABI_SIZE(struct xen_machphys_mapping, 24);
ABI_OFFSET(struct xen_machphys_mapping, v_start, 0);
ABI_OFFSET(struct xen_machphys_mapping, v_end, 8);
ABI_OFFSET(struct xen_machphys_mapping, max_mfn, 16);

/* ---- special frames in a translated domain ---- */

#define XENMAPSPACE_shared_info		0
#define XENMAPSPACE_grant_table		1
#define XENMAPSPACE_gmfn		2
#define XENMAPSPACE_gmfn_range		3
#define XENMAPSPACE_gmfn_foreign	4
#define XENMAPSPACE_dev_mmio		5

/* Or-ed into idx: status frames instead of shared ones. */
#define XENMAPIDX_grant_table_status	0x80000000

struct xen_add_to_physmap {
	domid_t domid;
	uint16_t size;			/* gmfn_range only */
	unsigned int space;		/* XENMAPSPACE_* */
	xen_ulong_t idx;
	xen_pfn_t gpfn;
};
typedef struct xen_add_to_physmap xen_add_to_physmap_t;
ABI_SIZE(struct xen_add_to_physmap, 24);
ABI_OFFSET(struct xen_add_to_physmap, domid, 0);
ABI_OFFSET(struct xen_add_to_physmap, size, 2);
ABI_OFFSET(struct xen_add_to_physmap, space, 4);
ABI_OFFSET(struct xen_add_to_physmap, idx, 8);
ABI_OFFSET(struct xen_add_to_physmap, gpfn, 16);

union xen_add_to_physmap_batch_extra {
	domid_t foreign_domid;		/* gmfn_foreign */
	uint16_t res0;			/* all others: 0 */
};
ABI_SIZE(union xen_add_to_physmap_batch_extra, 2);
ABI_OFFSET(union xen_add_to_physmap_batch_extra, foreign_domid, 0);
ABI_OFFSET(union xen_add_to_physmap_batch_extra, res0, 0);

struct xen_add_to_physmap_batch {
	domid_t domid;
	uint16_t space;
	uint16_t size;
	union xen_add_to_physmap_batch_extra u;
	GUEST_HANDLE(xen_ulong_t) idxs;
	GUEST_HANDLE(xen_pfn_t) gpfns;
	GUEST_HANDLE(int) errs;		/* OUT: one per page */
};
typedef struct xen_add_to_physmap_batch xen_add_to_physmap_batch_t;
ABI_SIZE(struct xen_add_to_physmap_batch, 32);
ABI_OFFSET(struct xen_add_to_physmap_batch, domid, 0);
ABI_OFFSET(struct xen_add_to_physmap_batch, space, 2);
ABI_OFFSET(struct xen_add_to_physmap_batch, size, 4);
ABI_OFFSET(struct xen_add_to_physmap_batch, u, 6);
ABI_OFFSET(struct xen_add_to_physmap_batch, idxs, 8);
ABI_OFFSET(struct xen_add_to_physmap_batch, gpfns, 16);
ABI_OFFSET(struct xen_add_to_physmap_batch, errs, 24);

struct xen_remove_from_physmap {
	domid_t domid;
	xen_pfn_t gpfn;
};
typedef struct xen_remove_from_physmap xen_remove_from_physmap_t;
ABI_SIZE(struct xen_remove_from_physmap, 16);
ABI_OFFSET(struct xen_remove_from_physmap, domid, 0);
ABI_OFFSET(struct xen_remove_from_physmap, gpfn, 8);

/* ---- memory maps ---- */

/* One E820 entry as buffers below hold it: 20 bytes, unpadded. */
struct abi_e820entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));
ABI_SIZE(struct abi_e820entry, 20);
ABI_OFFSET(struct abi_e820entry, addr, 0);
ABI_OFFSET(struct abi_e820entry, size, 8);
ABI_OFFSET(struct abi_e820entry, type, 16);

struct xen_memory_map {
	unsigned int nr_entries;	/* IN: room.  OUT: entries */
	GUEST_HANDLE(void) buffer;
};
typedef struct xen_memory_map xen_memory_map_t;
ABI_SIZE(struct xen_memory_map, 16);
ABI_OFFSET(struct xen_memory_map, nr_entries, 0);
ABI_OFFSET(struct xen_memory_map, buffer, 8);

struct xen_foreign_memory_map {
	domid_t domid;
	struct xen_memory_map map;
};
typedef struct xen_foreign_memory_map xen_foreign_memory_map_t;
ABI_SIZE(struct xen_foreign_memory_map, 24);
ABI_OFFSET(struct xen_foreign_memory_map, domid, 0);
ABI_OFFSET(struct xen_foreign_memory_map, map, 8);

#define XENMEM_RDM_ALL	1	/* of every device, not only of dev */

struct xen_reserved_device_memory {
	xen_pfn_t start_pfn;
	xen_ulong_t nr_pages;
};
typedef struct xen_reserved_device_memory xen_reserved_device_memory_t;
ABI_SIZE(struct xen_reserved_device_memory, 16);
ABI_OFFSET(struct xen_reserved_device_memory, start_pfn, 0);
ABI_OFFSET(struct xen_reserved_device_memory, nr_pages, 8);

struct xen_reserved_device_memory_map {
	uint32_t flags;			/* XENMEM_RDM_* */
	unsigned int nr_entries;	/* IN: room.  OUT: entries */
	GUEST_HANDLE(xen_reserved_device_memory_t) buffer;
	union {
		physdev_pci_device_t pci;
	} dev;
};
typedef struct xen_reserved_device_memory_map xen_reserved_device_memory_map_t;
ABI_SIZE(struct xen_reserved_device_memory_map, 24);
ABI_OFFSET(struct xen_reserved_device_memory_map, flags, 0);
ABI_OFFSET(struct xen_reserved_device_memory_map, nr_entries, 4);
ABI_OFFSET(struct xen_reserved_device_memory_map, buffer, 8);
ABI_OFFSET(struct xen_reserved_device_memory_map, dev, 16);
ABI_OFFSET(struct xen_reserved_device_memory_map, dev.pci, 16);

/* ---- populate on demand ---- */

struct xen_pod_target {
	uint64_t target_pages;		/* IN for set */
	uint64_t tot_pages;		/* OUT, and the rest */
	uint64_t pod_cache_pages;
	uint64_t pod_entries;
	domid_t domid;			/* IN */
};
typedef struct xen_pod_target xen_pod_target_t;
ABI_SIZE(struct xen_pod_target, 40);
ABI_OFFSET(struct xen_pod_target, target_pages, 0);
ABI_OFFSET(struct xen_pod_target, tot_pages, 8);
ABI_OFFSET(struct xen_pod_target, pod_cache_pages, 16);
ABI_OFFSET(struct xen_pod_target, pod_entries, 24);
ABI_OFFSET(struct xen_pod_target, domid, 32);

/* ---- frames that belong to a domain but to none of its addresses ---- */

#define XENMEM_resource_ioreq_server	0
#define XENMEM_resource_grant_table	1
#define XENMEM_resource_vmtrace_buf	2

#define XENMEM_resource_grant_table_id_shared	0
#define XENMEM_resource_grant_table_id_status	1

#define XENMEM_resource_ioreq_server_frame_bufioreq	0
#define XENMEM_resource_ioreq_server_frame_ioreq(n)	(1 + (n))

/* A null frame_list asks how many frames there are. */
struct xen_mem_acquire_resource {
	domid_t domid;
	uint16_t type;			/* XENMEM_resource_* */
	uint32_t id;
	uint32_t nr_frames;
	uint32_t pad;			/* 0 */
	uint64_t frame;			/* first one wanted */
	GUEST_HANDLE(xen_pfn_t) frame_list;
};
typedef struct xen_mem_acquire_resource xen_mem_acquire_resource_t;
ABI_SIZE(struct xen_mem_acquire_resource, 32);
ABI_OFFSET(struct xen_mem_acquire_resource, domid, 0);
ABI_OFFSET(struct xen_mem_acquire_resource, type, 2);
ABI_OFFSET(struct xen_mem_acquire_resource, id, 4);
ABI_OFFSET(struct xen_mem_acquire_resource, nr_frames, 8);
ABI_OFFSET(struct xen_mem_acquire_resource, pad, 12);
ABI_OFFSET(struct xen_mem_acquire_resource, frame, 16);
ABI_OFFSET(struct xen_mem_acquire_resource, frame_list, 24);

/* ---- virtual NUMA ---- */

struct xen_vmemrange {
	uint64_t start, end;
	unsigned int flags;
	unsigned int nid;
};
typedef struct xen_vmemrange xen_vmemrange_t;
ABI_SIZE(struct xen_vmemrange, 24);
ABI_OFFSET(struct xen_vmemrange, start, 0);
ABI_OFFSET(struct xen_vmemrange, end, 8);
ABI_OFFSET(struct xen_vmemrange, flags, 16);
ABI_OFFSET(struct xen_vmemrange, nid, 20);

struct xen_vnuma_topology_info {
	domid_t domid;
	uint16_t pad;
	unsigned int nr_vnodes;		/* IN: room.  OUT: needed */
	unsigned int nr_vcpus;
	unsigned int nr_vmemranges;
	union {
		GUEST_HANDLE(unsigned int) h;
		uint64_t pad;
	} vdistance;
	union {
		GUEST_HANDLE(unsigned int) h;
		uint64_t pad;
	} vcpu_to_vnode;
	union {
		GUEST_HANDLE(xen_vmemrange_t) h;
		uint64_t pad;
	} vmemrange;
};
typedef struct xen_vnuma_topology_info xen_vnuma_topology_info_t;
ABI_SIZE(struct xen_vnuma_topology_info, 40);
ABI_OFFSET(struct xen_vnuma_topology_info, domid, 0);
ABI_OFFSET(struct xen_vnuma_topology_info, pad, 2);
ABI_OFFSET(struct xen_vnuma_topology_info, nr_vnodes, 4);
ABI_OFFSET(struct xen_vnuma_topology_info, nr_vcpus, 8);
ABI_OFFSET(struct xen_vnuma_topology_info, nr_vmemranges, 12);
ABI_OFFSET(struct xen_vnuma_topology_info, vdistance, 16);
ABI_OFFSET(struct xen_vnuma_topology_info, vdistance.h, 16);
ABI_OFFSET(struct xen_vnuma_topology_info, vdistance.pad, 16);
ABI_OFFSET(struct xen_vnuma_topology_info, vcpu_to_vnode, 24);
ABI_OFFSET(struct xen_vnuma_topology_info, vcpu_to_vnode.h, 24);
ABI_OFFSET(struct xen_vnuma_topology_info, vcpu_to_vnode.pad, 24);
ABI_OFFSET(struct xen_vnuma_topology_info, vmemrange, 32);
ABI_OFFSET(struct xen_vnuma_topology_info, vmemrange.h, 32);
ABI_OFFSET(struct xen_vnuma_topology_info, vmemrange.pad, 32);

#endif /* ABI_MEMORY_H */
