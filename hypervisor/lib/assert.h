/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ASSERT states a truth of the hypervisor's own; a false one is a bug here and
 * ends in panic().  Nothing that a guest chose may ever decide an ASSERT: bad
 * guest input is a return value, damage a guest did to itself is
 * domain_crash().
 */
#ifndef LIB_ASSERT_H
#define LIB_ASSERT_H

#include <lib/types.h>

/*
 * Print the reason, the registers and the stack, then reboot or halt.
 * Implemented by x86/panic.c, and by the host port as abort().
 */
void panic(const char *fmt, ...) printf_like(1, 2) noreturn;

#define ASSERT(e)                                                           \
	do {                                                                \
		if (unlikely(!(e)))                                         \
			panic("assertion `%s' failed at %s:%d", #e, __FILE__, \
			      __LINE__);                                    \
	} while (0)

#define BUG() panic("impossible state at %s:%d", __FILE__, __LINE__)

#endif
