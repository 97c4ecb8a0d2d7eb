/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world that the frontends' queue logic lives in: the kernel, or a host
 * program of the tests.  The files that include only this and guest-abi are
 * built in both; they allocate nothing, sleep nowhere and take no lock.  No
 * state.
 */
#ifndef FRONTEND_PORT_H
#define FRONTEND_PORT_H

#ifdef __KERNEL__

#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#else

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;

#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))

#endif

#define FE_PAGE		4096u	/* what one grant covers */

/* Pages that hold this many bytes. */
static inline u32 fe_pages_for(u32 bytes)
{
	return bytes / FE_PAGE + (bytes % FE_PAGE != 0);
}

#endif
