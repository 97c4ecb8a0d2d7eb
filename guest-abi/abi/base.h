/* SPDX-License-Identifier: MIT */
/*
 * What every header about hypercalls stands on: the guest handle, the types
 * and the domain numbers that all of them share.  No state.
 *
 * Do not mix these headers with Xen's own or with <xen/interface/...> in one
 * translation unit: names are the same by intention.
 */
#ifndef ABI_BASE_H
#define ABI_BASE_H

#include <abi/types.h>

/*
 * GUEST_HANDLE(type): a 64-bit guest virtual address inside a structure.  A
 * tool sets .p to its own buffer.  The hypervisor reads .addr, an integer,
 * and goes through its checked copy functions: it never follows .p.
 */
#define GUEST_HANDLE(type)	union { type *p; uint64_t addr; }

#define set_xen_guest_handle(handle, value)	do { (handle).p = (value); } while (0)

/* Members that stay 8-byte aligned for every kind of caller. */
#define uint64_aligned_t	uint64_t
#define int64_aligned_t		int64_t

typedef unsigned long xen_ulong_t;
typedef unsigned long xen_pfn_t;	/* a frame number, machine or guest */
typedef uint8_t xen_domain_handle_t[16];	/* a UUID, opaque to us */

ABI_SIZE(void *, 8);
ABI_SIZE(xen_ulong_t, 8);
ABI_SIZE(xen_pfn_t, 8);

/*
 * Domain numbers.  Ordinary domains are below DOMID_FIRST_RESERVED; the rest
 * name a role instead of a domain.
 */
#define DOMID_FIRST_RESERVED	0x7ff0u
#define DOMID_SELF		0x7ff0u	/* whoever makes the call */
#define DOMID_IO		0x7ff1u	/* owner of device memory */
#define DOMID_XEN		0x7ff2u	/* owner of the hypervisor's shared pages */
#define DOMID_COW		0x7ff3u	/* owner of deduplicated pages */
#define DOMID_INVALID		0x7ff4u	/* no domain */
#define DOMID_IDLE		0x7fffu	/* the idle vCPUs */
#define DOMID_MASK		0x7fffu	/* bits that a domain number may use */

/* A bitmap in the caller's memory: bit n of byte n / 8. */
struct xenctl_bitmap {
	GUEST_HANDLE(uint8_t) bitmap;
	uint32_t nr_bits;
};
typedef struct xenctl_bitmap xenctl_bitmap_t;
ABI_SIZE(struct xenctl_bitmap, 16);
ABI_OFFSET(struct xenctl_bitmap, bitmap, 0);
ABI_OFFSET(struct xenctl_bitmap, nr_bits, 8);

#endif /* ABI_BASE_H */
