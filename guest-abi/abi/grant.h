/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: how a domain lets others reach single pages of its own, and
 * HYPERVISOR_grant_table_op's commands.
 *
 * Grant entries are shared memory.  The granter may change them at any time;
 * the hypervisor takes and releases GTF_reading and GTF_writing by
 * compare-and-exchange on the whole 32-bit header.
 */
#ifndef ABI_GRANT_H
#define ABI_GRANT_H

#include <abi/base.h>

/* ---- entries ---- */

/* The first references of a table are set up by whoever builds the domain. */
#define GNTTAB_NR_RESERVED_ENTRIES	8
#define GNTTAB_RESERVED_CONSOLE		0
#define GNTTAB_RESERVED_XENSTORE	1

/* Type, in the low two bits of the flags. */
#define GTF_invalid		0U
#define GTF_permit_access	1U
#define GTF_accept_transfer	2U
#define GTF_transitive		3U
#define GTF_type_mask		3U

/* With GTF_permit_access. */
#define _GTF_readonly		2
#define GTF_readonly		(1U << _GTF_readonly)
#define _GTF_reading		3
#define GTF_reading		(1U << _GTF_reading)
#define _GTF_writing		4
#define GTF_writing		(1U << _GTF_writing)
#define _GTF_PWT		5
#define GTF_PWT			(1U << _GTF_PWT)
#define _GTF_PCD		6
#define GTF_PCD			(1U << _GTF_PCD)
#define _GTF_PAT		7
#define GTF_PAT			(1U << _GTF_PAT)
#define _GTF_sub_page		8
#define GTF_sub_page		(1U << _GTF_sub_page)

/* With GTF_accept_transfer. */
#define _GTF_transfer_committed	2
#define GTF_transfer_committed	(1U << _GTF_transfer_committed)
#define _GTF_transfer_completed	3
#define GTF_transfer_completed	(1U << _GTF_transfer_completed)

struct grant_entry_v1 {
	uint16_t flags;
	domid_t domid;
	uint32_t frame;
};
typedef struct grant_entry_v1 grant_entry_v1_t;
ABI_SIZE(struct grant_entry_v1, 8);
ABI_OFFSET(struct grant_entry_v1, flags, 0);
ABI_OFFSET(struct grant_entry_v1, domid, 2);
ABI_OFFSET(struct grant_entry_v1, frame, 4);

struct grant_entry_header {
	uint16_t flags;
	domid_t domid;
};
typedef struct grant_entry_header grant_entry_header_t;
ABI_SIZE(struct grant_entry_header, 4);
ABI_OFFSET(struct grant_entry_header, flags, 0);
ABI_OFFSET(struct grant_entry_header, domid, 2);

/* In version 2, GTF_reading and GTF_writing live in the status array. */
union grant_entry_v2 {
	grant_entry_header_t hdr;
	struct {
		grant_entry_header_t hdr;
		uint32_t pad0;
		uint64_t frame;
	} full_page;
	struct {
		grant_entry_header_t hdr;
		uint16_t page_off;
		uint16_t length;
		uint64_t frame;
	} sub_page;
	struct {
		grant_entry_header_t hdr;
		domid_t trans_domid;
		uint16_t pad0;
		grant_ref_t gref;
	} transitive;
	uint32_t __spacer[4];
};
typedef union grant_entry_v2 grant_entry_v2_t;
ABI_SIZE(union grant_entry_v2, 16);
ABI_OFFSET(union grant_entry_v2, hdr, 0);
ABI_OFFSET(union grant_entry_v2, full_page, 0);
ABI_OFFSET(union grant_entry_v2, full_page.hdr, 0);
ABI_OFFSET(union grant_entry_v2, full_page.pad0, 4);
ABI_OFFSET(union grant_entry_v2, full_page.frame, 8);
ABI_OFFSET(union grant_entry_v2, sub_page, 0);
ABI_OFFSET(union grant_entry_v2, sub_page.hdr, 0);
ABI_OFFSET(union grant_entry_v2, sub_page.page_off, 4);
ABI_OFFSET(union grant_entry_v2, sub_page.length, 6);
ABI_OFFSET(union grant_entry_v2, sub_page.frame, 8);
ABI_OFFSET(union grant_entry_v2, transitive, 0);
ABI_OFFSET(union grant_entry_v2, transitive.hdr, 0);
ABI_OFFSET(union grant_entry_v2, transitive.trans_domid, 4);
ABI_OFFSET(union grant_entry_v2, transitive.pad0, 6);
ABI_OFFSET(union grant_entry_v2, transitive.gref, 8);
ABI_OFFSET(union grant_entry_v2, __spacer, 0);

typedef uint16_t grant_status_t;

/* ---- commands ---- */

#define GNTTABOP_map_grant_ref		0
#define GNTTABOP_unmap_grant_ref	1
#define GNTTABOP_setup_table		2
#define GNTTABOP_dump_table		3
#define GNTTABOP_transfer		4
#define GNTTABOP_copy			5
#define GNTTABOP_query_size		6
#define GNTTABOP_unmap_and_replace	7
#define GNTTABOP_set_version		8
#define GNTTABOP_get_status_frames	9
#define GNTTABOP_get_version		10
#define GNTTABOP_swap_grant_ref		11
#define GNTTABOP_cache_flush		12

typedef uint32_t grant_handle_t;	/* names one mapping of one grant */

#define _GNTMAP_device_map		0
#define GNTMAP_device_map		(1 << _GNTMAP_device_map)
#define _GNTMAP_host_map		1
#define GNTMAP_host_map			(1 << _GNTMAP_host_map)
#define _GNTMAP_readonly		2
#define GNTMAP_readonly			(1 << _GNTMAP_readonly)
#define _GNTMAP_application_map		3	/* user mode may use it too */
#define GNTMAP_application_map		(1 << _GNTMAP_application_map)
#define _GNTMAP_contains_pte		4	/* host_addr: address of the entry */
#define GNTMAP_contains_pte		(1 << _GNTMAP_contains_pte)
#define _GNTMAP_guest_avail0		16	/* goes to the entry's free bits */
#define GNTMAP_guest_avail_mask		((uint32_t)~0 << _GNTMAP_guest_avail0)

struct gnttab_map_grant_ref {
	uint64_t host_addr;
	uint32_t flags;			/* GNTMAP_* */
	grant_ref_t ref;
	domid_t dom;
	int16_t status;			/* OUT: GNTST_*, and the rest */
	grant_handle_t handle;
	uint64_t dev_bus_addr;
};
typedef struct gnttab_map_grant_ref gnttab_map_grant_ref_t;
ABI_SIZE(struct gnttab_map_grant_ref, 32);
ABI_OFFSET(struct gnttab_map_grant_ref, host_addr, 0);
ABI_OFFSET(struct gnttab_map_grant_ref, flags, 8);
ABI_OFFSET(struct gnttab_map_grant_ref, ref, 12);
ABI_OFFSET(struct gnttab_map_grant_ref, dom, 16);
ABI_OFFSET(struct gnttab_map_grant_ref, status, 18);
ABI_OFFSET(struct gnttab_map_grant_ref, handle, 20);
ABI_OFFSET(struct gnttab_map_grant_ref, dev_bus_addr, 24);

struct gnttab_unmap_grant_ref {
	uint64_t host_addr;
	uint64_t dev_bus_addr;
	grant_handle_t handle;
	int16_t status;			/* OUT */
};
typedef struct gnttab_unmap_grant_ref gnttab_unmap_grant_ref_t;
ABI_SIZE(struct gnttab_unmap_grant_ref, 24);
ABI_OFFSET(struct gnttab_unmap_grant_ref, host_addr, 0);
ABI_OFFSET(struct gnttab_unmap_grant_ref, dev_bus_addr, 8);
ABI_OFFSET(struct gnttab_unmap_grant_ref, handle, 16);
ABI_OFFSET(struct gnttab_unmap_grant_ref, status, 20);

struct gnttab_setup_table {
	domid_t dom;
	uint32_t nr_frames;
	int16_t status;			/* OUT */
	GUEST_HANDLE(xen_pfn_t) frame_list;
};
typedef struct gnttab_setup_table gnttab_setup_table_t;
ABI_SIZE(struct gnttab_setup_table, 24);
ABI_OFFSET(struct gnttab_setup_table, dom, 0);
ABI_OFFSET(struct gnttab_setup_table, nr_frames, 4);
ABI_OFFSET(struct gnttab_setup_table, status, 8);
ABI_OFFSET(struct gnttab_setup_table, frame_list, 16);

struct gnttab_dump_table {
	domid_t dom;
	int16_t status;			/* OUT */
};
typedef struct gnttab_dump_table gnttab_dump_table_t;
ABI_SIZE(struct gnttab_dump_table, 4);
ABI_OFFSET(struct gnttab_dump_table, dom, 0);
ABI_OFFSET(struct gnttab_dump_table, status, 2);

struct gnttab_transfer {
	xen_pfn_t mfn;
	domid_t domid;
	grant_ref_t ref;
	int16_t status;			/* OUT */
};
typedef struct gnttab_transfer gnttab_transfer_t;
ABI_SIZE(struct gnttab_transfer, 24);
ABI_OFFSET(struct gnttab_transfer, mfn, 0);
ABI_OFFSET(struct gnttab_transfer, domid, 8);
ABI_OFFSET(struct gnttab_transfer, ref, 12);
ABI_OFFSET(struct gnttab_transfer, status, 16);

#define _GNTCOPY_source_gref	0
#define GNTCOPY_source_gref	(1 << _GNTCOPY_source_gref)
#define _GNTCOPY_dest_gref	1
#define GNTCOPY_dest_gref	(1 << _GNTCOPY_dest_gref)

struct gnttab_copy_ptr {
	union {
		grant_ref_t ref;
		xen_pfn_t gmfn;
	} u;
	domid_t domid;
	uint16_t offset;
};
ABI_SIZE(struct gnttab_copy_ptr, 16);
ABI_OFFSET(struct gnttab_copy_ptr, u, 0);
ABI_OFFSET(struct gnttab_copy_ptr, u.ref, 0);
ABI_OFFSET(struct gnttab_copy_ptr, u.gmfn, 0);
ABI_OFFSET(struct gnttab_copy_ptr, domid, 8);
ABI_OFFSET(struct gnttab_copy_ptr, offset, 10);

struct gnttab_copy {
	struct gnttab_copy_ptr source, dest;
	uint16_t len;
	uint16_t flags;			/* GNTCOPY_* */
	int16_t status;			/* OUT */
};
typedef struct gnttab_copy gnttab_copy_t;
ABI_SIZE(struct gnttab_copy, 40);
ABI_OFFSET(struct gnttab_copy, source, 0);
ABI_OFFSET(struct gnttab_copy, dest, 16);
ABI_OFFSET(struct gnttab_copy, len, 32);
ABI_OFFSET(struct gnttab_copy, flags, 34);
ABI_OFFSET(struct gnttab_copy, status, 36);

struct gnttab_query_size {
	domid_t dom;
	uint32_t nr_frames;		/* OUT, and the rest */
	uint32_t max_nr_frames;
	int16_t status;
};
typedef struct gnttab_query_size gnttab_query_size_t;
ABI_SIZE(struct gnttab_query_size, 16);
ABI_OFFSET(struct gnttab_query_size, dom, 0);
ABI_OFFSET(struct gnttab_query_size, nr_frames, 4);
ABI_OFFSET(struct gnttab_query_size, max_nr_frames, 8);
ABI_OFFSET(struct gnttab_query_size, status, 12);

/* Unmaps, and moves the entry of new_addr to host_addr in its stead. */
struct gnttab_unmap_and_replace {
	uint64_t host_addr;
	uint64_t new_addr;
	grant_handle_t handle;
	int16_t status;			/* OUT */
};
typedef struct gnttab_unmap_and_replace gnttab_unmap_and_replace_t;
ABI_SIZE(struct gnttab_unmap_and_replace, 24);
ABI_OFFSET(struct gnttab_unmap_and_replace, host_addr, 0);
ABI_OFFSET(struct gnttab_unmap_and_replace, new_addr, 8);
ABI_OFFSET(struct gnttab_unmap_and_replace, handle, 16);
ABI_OFFSET(struct gnttab_unmap_and_replace, status, 20);

struct gnttab_set_version {
	uint32_t version;		/* IN: 1 or 2.  OUT: what it is now */
};
typedef struct gnttab_set_version gnttab_set_version_t;
ABI_SIZE(struct gnttab_set_version, 4);
ABI_OFFSET(struct gnttab_set_version, version, 0);

struct gnttab_get_status_frames {
	uint32_t nr_frames;
	domid_t dom;
	int16_t status;			/* OUT */
	GUEST_HANDLE(uint64_t) frame_list;
};
typedef struct gnttab_get_status_frames gnttab_get_status_frames_t;
ABI_SIZE(struct gnttab_get_status_frames, 16);
ABI_OFFSET(struct gnttab_get_status_frames, nr_frames, 0);
ABI_OFFSET(struct gnttab_get_status_frames, dom, 4);
ABI_OFFSET(struct gnttab_get_status_frames, status, 6);
ABI_OFFSET(struct gnttab_get_status_frames, frame_list, 8);

struct gnttab_get_version {
	domid_t dom;
	uint16_t pad;
	uint32_t version;		/* OUT */
};
typedef struct gnttab_get_version gnttab_get_version_t;
ABI_SIZE(struct gnttab_get_version, 8);
ABI_OFFSET(struct gnttab_get_version, dom, 0);
ABI_OFFSET(struct gnttab_get_version, pad, 2);
ABI_OFFSET(struct gnttab_get_version, version, 4);

struct gnttab_swap_grant_ref {
	grant_ref_t ref_a;
	grant_ref_t ref_b;
	int16_t status;			/* OUT */
};
typedef struct gnttab_swap_grant_ref gnttab_swap_grant_ref_t;
ABI_SIZE(struct gnttab_swap_grant_ref, 12);
ABI_OFFSET(struct gnttab_swap_grant_ref, ref_a, 0);
ABI_OFFSET(struct gnttab_swap_grant_ref, ref_b, 4);
ABI_OFFSET(struct gnttab_swap_grant_ref, status, 8);

#define GNTTAB_CACHE_CLEAN		(1u << 0)
#define GNTTAB_CACHE_INVAL		(1u << 1)
#define GNTTAB_CACHE_SOURCE_GREF	(1u << 31)

struct gnttab_cache_flush {
	union {
		uint64_t dev_bus_addr;
		grant_ref_t ref;
	} a;
	uint16_t offset;
	uint16_t length;
	uint32_t op;			/* GNTTAB_CACHE_* */
};
typedef struct gnttab_cache_flush gnttab_cache_flush_t;
ABI_SIZE(struct gnttab_cache_flush, 16);
ABI_OFFSET(struct gnttab_cache_flush, a, 0);
ABI_OFFSET(struct gnttab_cache_flush, a.dev_bus_addr, 0);
ABI_OFFSET(struct gnttab_cache_flush, a.ref, 0);
ABI_OFFSET(struct gnttab_cache_flush, offset, 8);
ABI_OFFSET(struct gnttab_cache_flush, length, 10);
ABI_OFFSET(struct gnttab_cache_flush, op, 12);

/* ---- what a command's status says ---- */

#define GNTST_okay			0
#define GNTST_general_error		(-1)
#define GNTST_bad_domain		(-2)
#define GNTST_bad_gntref		(-3)
#define GNTST_bad_handle		(-4)
#define GNTST_bad_virt_addr		(-5)
#define GNTST_bad_dev_addr		(-6)
#define GNTST_no_device_space		(-7)
#define GNTST_permission_denied		(-8)
#define GNTST_bad_page			(-9)
#define GNTST_bad_copy_arg		(-10)
#define GNTST_address_too_big		(-11)
#define GNTST_eagain			(-12)	/* paged out: try again */
#define GNTST_no_space			(-13)

#endif /* ABI_GRANT_H */
