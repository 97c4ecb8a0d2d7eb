/* SPDX-License-Identifier: MIT */
/*
 * Fixed-width types, the macros with which each structure asserts its own
 * size and offsets, and the identifiers that device protocols need.  The
 * contract describes 64-bit x86 only.  No state.
 *
 * It depends on nothing but the compiler's own headers, or the kernel's when
 * a Linux module is built.  abi/io/ stands on this file alone.  Of its
 * headers, ring.h, blkif.h and netif.h share no name with <xen/xenbus.h> and
 * <xen/grant_table.h> but equal typedefs, so a Linux frontend includes both.
 */
#ifndef ABI_TYPES_H
#define ABI_TYPES_H

#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#endif

#ifdef __cplusplus
#define ABI_ASSERT(cond, text)	static_assert(cond, text)
#else
#define ABI_ASSERT(cond, text)	_Static_assert(cond, text)
#endif

/* ABI_SIZE(type, n): the type occupies exactly n bytes. */
#define ABI_SIZE(type, n) \
	ABI_ASSERT(sizeof(type) == (n), "size of " #type)

/* ABI_OFFSET(type, field, n): the field starts n bytes into the type. */
#define ABI_OFFSET(type, field, n) \
	ABI_ASSERT(__builtin_offsetof(type, field) == (n), \
		   "offset of " #field " in " #type)

typedef uint16_t domid_t;
typedef uint32_t evtchn_port_t;
typedef uint32_t grant_ref_t;

#endif /* ABI_TYPES_H */
